package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// networks are those that the tests have blocks of.
var networks = map[string]*chaincfg.Params{
	"mainnet":  &chaincfg.MainNetParams,
	"testnet3": &chaincfg.TestNet3Params,
}

// blockFacts are the facts of a block. Sizes are in bytes, amounts in satoshi.
type blockFacts struct {
	Hash         string    `json:"hash"`
	Height       int32     `json:"height"`
	Size         int       `json:"size"`
	StrippedSize int       `json:"strippedSize"`
	Weight       int64     `json:"weight"`
	Inputs       int       `json:"inputs"`
	Outputs      int       `json:"outputs"`
	Fees         int64     `json:"fees"`
	Transactions []txFacts `json:"transactions"`
}

// txFacts are the facts of a transaction.
type txFacts struct {
	Txid     string        `json:"txid"`
	Wtxid    string        `json:"wtxid"`
	Version  int32         `json:"version"`
	Size     int           `json:"size"`
	Stripped int           `json:"strippedSize"`
	Weight   int64         `json:"weight"`
	Vsize    int64         `json:"vsize"`
	Inputs   []inputFacts  `json:"inputs"`
	Outputs  []outputFacts `json:"outputs"`
}

// inputFacts are the facts of an input. The witness size includes the item count, and is 0 in a transaction without
// witnesses.
type inputFacts struct {
	SigScriptSize int    `json:"sigScriptSize"`
	WitnessSize   int    `json:"witnessSize"`
	Sequence      uint32 `json:"sequence"`
}

// outputFacts are the facts of an output. Type is txscript's name of its class.
type outputFacts struct {
	Type  string `json:"type"`
	Size  int    `json:"size"`
	Value int64  `json:"value"`
}

// printFacts writes the facts of the block in a file as JSON.
func printFacts(w io.Writer, network, file string) error {
	params, ok := networks[network]
	if !ok {
		return fmt.Errorf("no network %q", network)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	facts, err := readFacts(raw, params)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return json.NewEncoder(w).Encode(facts)
}

func readFacts(raw []byte, params *chaincfg.Params) (*blockFacts, error) {
	var msg wire.MsgBlock
	reader := bytes.NewReader(raw)
	if err := msg.Deserialize(reader); err != nil {
		return nil, err
	}
	if reader.Len() != 0 {
		return nil, fmt.Errorf("%d bytes are left over", reader.Len())
	}
	block := btcutil.NewBlock(&msg)
	height, err := blockchain.ExtractCoinbaseHeight(btcutil.NewTx(msg.Transactions[0]))
	if err != nil {
		return nil, err
	}

	facts := &blockFacts{
		Hash:         msg.BlockHash().String(),
		Height:       height,
		Size:         msg.SerializeSize(),
		StrippedSize: msg.SerializeSizeStripped(),
		Weight:       blockchain.GetBlockWeight(block),
		Fees:         -blockchain.CalcBlockSubsidy(height, params),
	}
	for _, out := range msg.Transactions[0].TxOut {
		facts.Fees += out.Value
	}
	for _, tx := range block.Transactions() {
		facts.Inputs += len(tx.MsgTx().TxIn)
		facts.Outputs += len(tx.MsgTx().TxOut)
		facts.Transactions = append(facts.Transactions, readTx(tx))
	}
	return facts, nil
}

func readTx(tx *btcutil.Tx) txFacts {
	msg := tx.MsgTx()
	weight := blockchain.GetTransactionWeight(tx)
	facts := txFacts{
		Txid:     msg.TxHash().String(),
		Wtxid:    msg.WitnessHash().String(),
		Version:  msg.Version,
		Size:     msg.SerializeSize(),
		Stripped: msg.SerializeSizeStripped(),
		Weight:   weight,
		Vsize:    (weight + blockchain.WitnessScaleFactor - 1) / blockchain.WitnessScaleFactor,
	}
	for _, in := range msg.TxIn {
		each := inputFacts{SigScriptSize: len(in.SignatureScript), Sequence: in.Sequence}
		if msg.HasWitness() {
			each.WitnessSize = in.Witness.SerializeSize()
		}
		facts.Inputs = append(facts.Inputs, each)
	}
	for _, out := range msg.TxOut {
		facts.Outputs = append(facts.Outputs, outputFacts{
			Type:  txscript.GetScriptClass(out.PkScript).String(),
			Size:  len(out.PkScript),
			Value: out.Value,
		})
	}
	return facts
}
