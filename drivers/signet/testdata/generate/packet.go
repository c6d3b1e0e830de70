package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
)

// An option is one CoAP option as it is to stand in the packet.
type option struct {
	number int
	value  []byte
}

// A packet is everything that can be said about a message, right or wrong.
type packet struct {
	header  [2]byte // version, type and token length; code
	id      uint16
	token   []byte
	path    []string
	query   []string
	mode    byte
	tuid    string // 12 hex digits
	point   uint16 // endpoint
	mfg     uint16
	session uint32
	number  uint32 // sequence
	auth    []byte
	payload []byte
	key     []byte // nil signs nothing

	change func([]option) []option // before signing has been done, for the options
	after  func([]byte) []byte     // on the finished bytes
	bare   bool                    // no marker although there is no payload
}

// good is a packet that a Sender might send.
func good(path string, key []byte, payload []byte) packet {
	return packet{
		header: [2]byte{0x50, 2}, id: 77, path: strings.Split(path, "/"), tuid: senderTUID, point: 1,
		session: 3, number: 90, key: key, payload: payload,
	}
}

func numbers(parts ...any) []byte {
	var b []byte
	for _, p := range parts {
		b, _ = binary.Append(b, binary.BigEndian, p)
	}
	return b
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// tlv is one type, length and value.
func tlv(tid uint16, value ...byte) []byte {
	return append(numbers(tid, uint16(len(value))), value...)
}

// uri is the text that is signed.
func (p packet) uri() string {
	text := "/" + strings.Join(p.path, "/")
	if len(p.query) > 0 {
		text += "?" + strings.Join(p.query, "&")
	}
	return text
}

// signed is the input of the HMAC without the payload.
func (p packet) signed() []byte {
	return append([]byte(p.uri()), numbers(p.mode, unhex(p.tuid), p.point, p.mfg, p.session, p.number)...)
}

// bytes is the packet as it goes on the wire.
func (p packet) bytes() []byte {
	auth := p.auth
	if p.key != nil {
		auth = mac(p.key, append(p.signed(), p.payload...))
	}
	var options []option
	for _, s := range p.path {
		options = append(options, option{11, []byte(s)})
	}
	for _, s := range p.query {
		options = append(options, option{15, []byte(s)})
	}
	options = append(options,
		option{2076, []byte{p.mode}}, option{2108, numbers(unhex(p.tuid), p.point)}, option{2140, numbers(p.mfg)},
		option{2172, numbers(p.session)}, option{2204, numbers(p.number)}, option{2236, auth},
	)
	if p.change != nil {
		options = p.change(options)
	}
	b := append(numbers(p.header, p.id), p.token...)
	last := 0
	for _, o := range options {
		b = append(b, head(o.number-last, len(o.value))...)
		b = append(b, o.value...)
		last = o.number
	}
	if len(p.payload) > 0 {
		b = append(append(b, 0xFF), p.payload...)
	}
	if p.after != nil {
		b = p.after(b)
	}
	return b
}

// head is the header of an option.
func head(delta, length int) []byte {
	d, more := nibble(delta)
	l, rest := nibble(length)
	return slices.Concat([]byte{d<<4 | l}, more, rest)
}

func nibble(n int) (byte, []byte) {
	switch {
	case n < 13:
		return byte(n), nil
	case n < 269:
		return 13, []byte{byte(n - 13)}
	}
	return 14, numbers(uint16(n - 269))
}

func mac(key, b []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(b)
	return h.Sum(nil)
}

// root is K0 of a passphrase: PBKDF2 with HMAC-SHA256, one block.
func root(passphrase string) []byte {
	block := mac([]byte(passphrase), append([]byte("Sig-Net-K0-Salt-v1"), 0, 0, 0, 1))
	sum := slices.Clone(block)
	for range 100_000 - 1 {
		block = mac([]byte(passphrase), block)
		for i := range sum {
			sum[i] ^= block[i]
		}
	}
	return sum
}

// derived is a key of a role: HKDF-Expand, one block.
func derived(k0 []byte, info string) []byte { return mac(k0, append([]byte(info), 1)) }

func senderKey(k0 []byte) []byte  { return derived(k0, "Sig-Net-Sender-v1") }
func citizenKey(k0 []byte) []byte { return derived(k0, "Sig-Net-Citizen-v1") }
func managerKey(k0 []byte) []byte { return derived(k0, "Sig-Net-Manager-v1") }
func localKey(k0 []byte, tuid string) []byte {
	return derived(k0, "Sig-Net-Manager-v1-"+tuid)
}
