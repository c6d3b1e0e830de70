package level

// attribute marks the number of an output whose slots are not on it but belong to it.
const attribute Output = 1 << 31

// attributes is how many there are for each slot of an output.
const attributes = 4

// Attribute returns the address of an attribute, 1-4, of the fixture whose first slot is
// at a: a level like any other, which goes to no output but says what the slots of the
// fixture are to be. It is the same whatever the fixture is, so that levels survive when a
// show is reloaded.
func (a Address) Attribute(n int32) Address {
	return Address{a.Output | attribute, (a.Slot-1)*attributes + n}
}

// IsAttribute reports whether the slots of o are attributes.
func (o Output) IsAttribute() bool { return o&attribute != 0 }

// Real returns the output that o is, or to which the attributes in it belong.
func (o Output) Real() Output { return o &^ attribute }

// Attributes returns the number of attributes of an output with so many slots.
func Attributes(slots int) int { return slots * attributes }

// Fixture returns the first slot of the fixture that the attribute at a is of.
func (a Address) Fixture() Address {
	return Address{a.Output.Real(), (a.Slot-1)/attributes + 1}
}

// On returns the address that is on output o what a is on its own.
func (a Address) On(o Output) Address {
	return Address{o | a.Output&attribute, a.Slot}
}
