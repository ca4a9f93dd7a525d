// The judge reads a block with btcd's own packages and says what it finds, so that tests and benchmarks can hold the
// listener's parser against it.
//
//	go-judge facts NETWORK FILE   prints the facts of the block, one JSON object
//	go-judge miner FILE           prints what its miner chose, and its signature operations, one JSON object
//	go-judge speed FILE...        for each line "FILE RUNS" on stdin, prints the processor time that RUNS readings of
//	                              that file took, in nanoseconds: wire's decoding and TxHash of every transaction
package main

import (
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "go-judge:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 3 && args[0] == "facts":
		return printFacts(os.Stdout, args[1], args[2])
	case len(args) == 2 && args[0] == "miner":
		return printMiner(os.Stdout, args[1])
	case len(args) > 1 && args[0] == "speed":
		return measure(os.Stdin, os.Stdout, args[1:])
	}
	return fmt.Errorf("usage: go-judge facts NETWORK FILE | go-judge miner FILE | go-judge speed FILE...")
}
