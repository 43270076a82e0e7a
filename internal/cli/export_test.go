package cli

// What the tests look at from outside.
var (
	ParseValue = parseValue
	ExitCode   = exitCode
	Results    = results
	Printable  = printable
)

// Commands returns the path of each command.
func Commands() []string {
	var paths []string
	for _, c := range commands(newRoot(Env{})) {
		paths = append(paths, c.CommandPath())
	}
	return paths
}
