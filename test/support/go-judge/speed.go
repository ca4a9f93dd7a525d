package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"runtime"
	"syscall"

	"github.com/btcsuite/btcd/wire/v2"
)

// measure answers each line "FILE RUNS" with the nanoseconds of processor time that RUNS readings of the file took. The
// caller decides when, so that its own measurements can take turns with these.
func measure(r io.Reader, w io.Writer, files []string) error {
	runtime.GOMAXPROCS(1)
	blocks := make(map[string][]byte, len(files))
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		blocks[file] = raw
	}

	lines := bufio.NewScanner(r)
	for lines.Scan() {
		var file string
		var runs int
		if _, err := fmt.Sscan(lines.Text(), &file, &runs); err != nil {
			return fmt.Errorf("%q is not FILE RUNS: %w", lines.Text(), err)
		}
		raw, ok := blocks[file]
		if !ok {
			return fmt.Errorf("%q was not named at the start", file)
		}
		start, err := processorTime()
		if err != nil {
			return err
		}
		for range runs {
			if err := readAndHash(raw); err != nil {
				return err
			}
		}
		end, err := processorTime()
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintln(w, end-start); err != nil {
			return err
		}
	}
	return lines.Err()
}

// processorTime returns the processor time of the process so far, in nanoseconds.
func processorTime() (int64, error) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0, err
	}
	return usage.Utime.Nano() + usage.Stime.Nano(), nil
}

func readAndHash(raw []byte) error {
	var block wire.MsgBlock
	if err := block.Deserialize(bytes.NewReader(raw)); err != nil {
		return err
	}
	for _, tx := range block.Transactions {
		_ = tx.TxHash()
	}
	return nil
}
