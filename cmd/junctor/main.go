// Command junctor is a WAMP router, and a client for the command line.
package main

import "github.com/junctorio/junctor"

func main() { junctor.Main() }
