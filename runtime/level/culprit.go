package level

import "hash/crc32"

// Culprit finds out of a frame, and of the hash that another of the same instant had, which
// level was another one there, and what it was: if that was one slot only, which is as good
// as certain then. found tells whether the output was found, as it is if all that differs is
// on one; the slot of the address is 0 if more than one of it do.
func (f *Frame) Culprit(r *Registry, hash uint64) (at Address, was byte, found bool) {
	entries := r.entries()
	rest := hash - f.Hash(r)
	for o, levels := range f.Levels {
		if levels == nil || o >= len(entries) {
			continue
		}
		key, sum := entries[o].hash, crc32.Checksum(levels, castagnoli)
		own := scatter(key ^ scatter(uint64(len(levels))<<32|uint64(sum)))
		other := gather(gather(own+rest) ^ key)
		if other>>32 != uint64(len(levels)) || uint32(other) == sum {
			continue
		}
		at = Address{Output: Output(o)}
		i, change := oneByte(uint32(other)^sum, len(levels))
		if change == 0 {
			return at, 0, true
		}
		at.Slot = int32(i) + 1
		return at, levels[i] ^ change, true
	}
	return Address{}, 0, false
}

// oneByte finds the byte of so many that makes a difference of checksums, and how it
// differs; 0 if no single one does.
func oneByte(difference uint32, n int) (i int, change byte) {
	for d := 1; d < 256; d++ {
		sum := castagnoli[d]
		for i := n - 1; i >= 0; i-- {
			if sum == difference {
				return i, byte(d)
			}
			sum = castagnoli[byte(sum)] ^ sum>>8
		}
	}
	return 0, 0
}

// gather undoes scatter.
func gather(x uint64) uint64 {
	x ^= x>>31 ^ x>>62
	x *= 0x319642b2d24d8ec3
	x ^= x>>27 ^ x>>54
	x *= 0x96de1b173f119089
	return x ^ x>>30 ^ x>>60
}
