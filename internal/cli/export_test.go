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

// CheckCommandLine returns what is wrong with a command line before it is run.
func CheckCommandLine(args []string) error {
	cmd, rest, err := newRoot(Env{}).Find(args)
	if err != nil {
		return err
	}
	cmd.InitDefaultHelpFlag()
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	return cmd.ValidateArgs(cmd.Flags().Args())
}
