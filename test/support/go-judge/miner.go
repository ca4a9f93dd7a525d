package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"os"
	"regexp"
	"strings"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// minerFacts are what a miner chose in a block, and the signature operations of its transactions.
type minerFacts struct {
	Version      int32  `json:"version"`
	Difficulty   string `json:"difficulty"`
	CoinbaseText string `json:"coinbaseText"`
	Deployments  []int  `json:"deployments"`
	// LegacySigops has for each transaction the signature operations in its own scripts.
	LegacySigops []int `json:"legacySigops"`
	// InputCosts has for each input of each transaction what its signature operations cost; -1 where the output that
	// it spends is not in the block, and so not known.
	InputCosts [][]int `json:"inputCosts"`
}

var printable = regexp.MustCompile(`[ -~]{4,}`)

// printMiner writes the miner's facts of the block in a file as JSON.
func printMiner(w io.Writer, file string) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var msg wire.MsgBlock
	if err := msg.Deserialize(bytes.NewReader(raw)); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return json.NewEncoder(w).Encode(readMiner(&msg))
}

func readMiner(msg *wire.MsgBlock) *minerFacts {
	header := msg.Header
	limit := blockchain.CompactToBig(chaincfg.MainNetParams.PowLimitBits)
	ratio := new(big.Rat).SetFrac(limit, blockchain.CompactToBig(header.Bits))
	script := string(msg.Transactions[0].TxIn[0].SignatureScript)
	facts := &minerFacts{
		Version:      header.Version,
		Difficulty:   ratio.FloatString(8),
		CoinbaseText: strings.Join(printable.FindAllString(script, -1), " "),
		Deployments:  []int{},
	}
	// BIP9: vbTopBits and vbTopMask of btcd's blockchain package, which does not export them.
	if uint32(header.Version)&0xe0000000 == 0x20000000 {
		for bit := 0; bit < 13; bit++ {
			if header.Version&(1<<bit) != 0 {
				facts.Deployments = append(facts.Deployments, bit)
			}
		}
	}
	outputs := map[wire.OutPoint][]byte{}
	for _, tx := range msg.Transactions {
		for index, out := range tx.TxOut {
			outputs[wire.OutPoint{Hash: tx.TxHash(), Index: uint32(index)}] = out.PkScript
		}
	}
	for _, tx := range msg.Transactions {
		facts.LegacySigops = append(facts.LegacySigops, blockchain.CountSigOps(btcutil.NewTx(tx)))
		costs := []int{}
		for _, in := range tx.TxIn {
			script, known := outputs[in.PreviousOutPoint]
			if known {
				costs = append(costs, inputCost(in, script))
			} else {
				costs = append(costs, -1)
			}
		}
		facts.InputCosts = append(facts.InputCosts, costs)
	}
	return facts
}

// inputCost is the part of an input in blockchain.GetSigOpCost.
func inputCost(in *wire.TxIn, pkScript []byte) int {
	cost := txscript.GetWitnessSigOpCount(in.SignatureScript, pkScript, in.Witness)
	if txscript.IsPayToScriptHash(pkScript) {
		redeemed := txscript.GetPreciseSigOpCount(in.SignatureScript, pkScript, true)
		cost += redeemed * blockchain.WitnessScaleFactor
	}
	return cost
}
