// Command tally reads what go test -json prints and prints what a reader of a
// log wants: a line per package, the whole output of what failed, why tests were
// skipped, and at the end "N passed, N failed". Subtests count, each for itself.
//
// With -add FILE, it also adds its numbers to those in the file, so that several
// runs make one sum; with -sum FILE it only prints that file's sum. It exits
// with status 1 when something failed, or when nothing ran at all.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

func run(args []string, in io.Reader, out, complaints io.Writer) int {
	flags := flag.NewFlagSet("tally", flag.ContinueOnError)
	flags.SetOutput(complaints)
	add := flags.String("add", "", "add the numbers to those in `FILE`")
	sum := flags.String("sum", "", "print the sum in `FILE` and read nothing")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	counted, err := count(*sum, in, out)
	if err == nil && *add != "" {
		err = addTo(*add, counted)
	}
	if err != nil {
		fmt.Fprintln(complaints, "tally:", err)
		return 1
	}
	fmt.Fprintln(out, counted)
	if counted.Failed > 0 || counted.Passed == 0 {
		return 1
	}
	return 0
}

func count(sum string, in io.Reader, out io.Writer) (counts, error) {
	if sum != "" {
		return readCounts(sum)
	}
	return follow(in, out)
}
