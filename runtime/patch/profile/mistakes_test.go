package profile

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
)

// soundOFL is a file with a bit of everything; the rows below break one thing each.
const soundOFL = `{
  "name": "Spot",
  "matrix": { "pixelKeys": [[["A", "B", null]]], "pixelGroups": { "Both": "all", "Odd": { "x": ["odd"] } } },
  "wheels": { "Gobo Wheel": { "slots": [ { "type": "Open" }, { "type": "Gobo", "name": "Dots" } ] } },
  "availableChannels": {
    "Red": { "fineChannelAliases": ["Red fine"], "capability": { "type": "ColorIntensity", "color": "Red" } },
    "Pan": { "defaultValue": "50%", "capability": { "type": "Pan", "angleStart": "0deg", "angleEnd": "540deg" } },
    "Gobo Wheel": { "capabilities": [ { "dmxRange": [0, 9], "type": "WheelSlot", "slotNumber": 1 }, { "dmxRange": [10, 255], "type": "WheelSlot", "slotNumber": 2 } ] },
    "Shutter": { "defaultValue": 0, "capabilities": [
      { "dmxRange": [0, 9], "type": "ShutterStrobe", "shutterEffect": "Open", "switchChannels": { "Rate": "Pan" } },
      { "dmxRange": [10, 255], "type": "ShutterStrobe", "shutterEffect": "Strobe", "speedStart": "1Hz", "speedEnd": "fast", "menuClick": "end", "switchChannels": { "Rate": "Red" } } ] },
    "Preset": { "capabilities": [ { "dmxRange": [0, 99], "type": "NoFunction" }, { "dmxRange": [100, 255], "type": "ColorPreset", "colors": ["#ff0000"] } ] }
  },
  "templateChannels": { "White $pixelKey": { "capability": { "type": "ColorIntensity", "color": "White" } } },
  "modes": [
    { "name": "Basic", "shortName": "1ch", "channels": ["Red"] },
    { "name": "Full", "shortName": "9ch", "channels": ["Pan", null, "Red", "Red fine", "Gobo Wheel", "Shutter", "Preset", "Rate",
      { "insert": "matrixChannels", "repeatFor": "eachPixelXYZ", "channelOrder": "perPixel", "templateChannels": ["White $pixelKey"] } ] }
  ]
}`

// A mistake replaces text of a sound file, and want is what follows its name.
type mistake struct{ old, new, want string }

var mistakesOFL = []mistake{
	{`"Preset", "Rate"`, `"Red 2", "Rate"`, `modes[1].channels[6]: no channel 'Red 2' (did you mean 'Red'?)`},
	{`"Preset", "Rate"`, `"Laser", "Rate"`, `modes[1].channels[6]: no channel 'Laser'; there are Red, Red fine, Pan, Gobo Wheel, Shutter, Preset, White A, White B, White Both, White Odd, Rate`},
	{`"Preset", "Rate"`, `"red", "Rate"`, `modes[1].channels[6]: no channel 'red' (did you mean 'Red'?)`},
	{`"Preset", "Rate"`, `7, "Rate"`, `modes[1].channels[6]: must be a string that is not empty, got 7`},
	{`"Preset", "Rate"`, `"Pan", "Rate"`, `modes[1].channels[6]: the mode has channel 'Pan' twice`},
	{`"Red", "Red fine"`, `"Red fine", "Red"`, `modes[1].channels[2]: 'Red fine' is fine channel 1 of 'Red', which must come before it, and once`},
	{`"Red", "Red fine"`, `"Red fine"`, `modes[1].channels[2]: 'Red fine' is fine channel 1 of 'Red', which must come before it, and once`},
	{`"name": "Spot"`, `"name": ""`, `name: must be a string that is not empty, got ""`},
	{`"name": "Spot"`, `"Name": "Spot"`, `unknown key 'Name' (did you mean 'name'?)`},
	{`"name": "Spot",`, `"name": "Spot", "physical": { "lens": { "degreesMinMax": [5] } },`, `physical.lens.degreesMinMax: must be two angles in degrees, the least and the most, got a list`},
	{`"shortName": "9ch",`, `"physical": { "lens": { "degreesMinMax": [5, "wide"] } },`, `modes[1].physical.lens.degreesMinMax[1]: must be an angle in degrees, 0-360, got "wide"`},
	{`"shortName": "9ch",`, `"physical": 7,`, `modes[1].physical: must be an object, got 7`},
	{`"name": "Spot",`, ``, `name: must be a string that is not empty, but it is not there`},
	{`"modes": [`, `"mode": [`, `unknown key 'mode' (did you mean 'modes'?)`},
	{`"modes": [`, `"modes": [], "$x": [`, `modes: must be a list of modes, got an empty list`},
	{`"modes": [`, `"modi": [], "x": [`, `modes: must be a list of modes, but it is not there`},
	{`"channels": ["Pan", null`, `"chanels": ["Pan", null`, `modes[1]: unknown key 'chanels' (did you mean 'channels'?)`},
	{`"name": "Full", `, ``, `modes[1].name: must be a string that is not empty, but it is not there`},
	{`"availableChannels": {`, `"availableChannels": [], "y": {`, `availableChannels: must be an object, got an empty list`},
	{`"defaultValue": "50%"`, `"defaultValue": "50"`, `availableChannels.Pan.defaultValue: must be a number or a part such as "50%", got "50"`},
	{`"defaultValue": "50%"`, `"defaultValue": 256`, `availableChannels.Pan.defaultValue: must be a whole number 0-255, got 256`},
	{`"defaultValue": "50%"`, `"defaultvalue": 5`, `availableChannels.Pan: unknown key 'defaultvalue' (did you mean 'defaultValue'?)`},
	{`"angleStart": "0deg"`, `"angleStart": "0Hz"`, `availableChannels.Pan.capability.angleStart: must be a quantity such as "10deg", got "0Hz"`},
	{`"angleStart": "0deg"`, `"angleStart": 0`, `availableChannels.Pan.capability.angleStart: must be a quantity such as "10deg", got 0`},
	{`, "angleEnd": "540deg"`, ``, `availableChannels.Pan.capability.angleEnd: must be a quantity such as "10deg", but it is not there`},
	{`"speedEnd": "fast"`, `"speedEnd": "fsat"`, `availableChannels.Shutter.capabilities[1].speedEnd: must be a quantity such as "10Hz", got "fsat" (did you mean 'fast'?)`},
	{`"type": "Pan"`, `"type": "Pann"`, `availableChannels.Pan.capability.type: unknown type 'Pann' (did you mean 'Pan'?)`},
	{`"type": "Pan", `, ``, `availableChannels.Pan.capability.type: must be a string that is not empty, but it is not there`},
	{`"color": "Red"`, `"color": "Redd"`, `availableChannels.Red.capability.color: must be one of Red, Green, Blue, Cyan, Magenta, Yellow, Amber, White, Warm White, Cold White, UV, Lime, Indigo, got "Redd" (did you mean 'Red'?)`},
	{`"shutterEffect": "Open"`, `"shutterEffect": "Opened"`, `availableChannels.Shutter.capabilities[0].shutterEffect: must be one of Burst, Closed, Lightning, Open, Pulse, RampDown, RampUp, RampUpDown, Spikes, Strobe, got "Opened"`},
	{`"menuClick": "end"`, `"menuClick": "middle"`, `availableChannels.Shutter.capabilities[1].menuClick: must be "start", "center", "end" or "hidden", got "middle"`},
	{`[10, 255], "type": "ShutterStrobe"`, `[9, 255], "type": "ShutterStrobe"`, `availableChannels.Shutter.capabilities[1].dmxRange: begins at 9, before the end of the one before at 9`},
	{`[10, 255], "type": "ShutterStrobe"`, `[10, 256], "type": "ShutterStrobe"`, `availableChannels.Shutter.capabilities[1].dmxRange[1]: must be a whole number 0-255, got 256`},
	{`[10, 255], "type": "ShutterStrobe"`, `[20, 10], "type": "ShutterStrobe"`, `availableChannels.Shutter.capabilities[1].dmxRange: goes from 20 down to 10`},
	{`[10, 255], "type": "ShutterStrobe"`, `[10], "type": "ShutterStrobe"`, `availableChannels.Shutter.capabilities[1].dmxRange: must be two numbers, the first and the last, got a list`},
	{`"dmxRange": [10, 255], "type": "ShutterStrobe"`, `"type": "ShutterStrobe"`, `availableChannels.Shutter.capabilities[1].dmxRange: must be two numbers, the first and the last, but it is not there`},
	{`{ "Rate": "Pan" }`, `{ "Rate": "Pam" }`, `availableChannels.Shutter.capabilities[0].switchChannels.Rate: no channel 'Pam' (did you mean 'Pan'?)`},
	{`"slotNumber": 2`, `"slotNumber": 4`, `availableChannels["Gobo Wheel"].capabilities[1].slotNumber: must be the number of a slot of the wheel, 1-2, got 4`},
	{`"slotNumber": 2`, `"wheel": "Gobo Weel", "slotNumber": 2`, `availableChannels["Gobo Wheel"].capabilities[1].wheel: no wheel 'Gobo Weel' (did you mean 'Gobo Wheel'?)`},
	{`"type": "Gobo", "name"`, `"type": "Gbo", "name"`, `wheels["Gobo Wheel"].slots[1].type: unknown type "Gbo" (did you mean 'Gobo'?); there are Open, Closed, Color, Gobo, Prism, Iris, Frost, AnimationGoboStart, AnimationGoboEnd`},
	{`["#ff0000"]`, `["red"]`, `availableChannels.Preset.capabilities[1].colors[0]: must be a colour such as "#ff8800", got "red"`},
	{`["#ff0000"]`, `[]`, `availableChannels.Preset.capabilities[1].colors: must be a list of colours such as "#ff8800", got an empty list`},
	{`"fineChannelAliases": ["Red fine"]`, `"fineChannelAliases": ["Red fine"], "dmxValueResolution": "24bit"`, `availableChannels.Red.dmxValueResolution: is 24bit, but the channel has 16 bit`},
	{`"fineChannelAliases": ["Red fine"]`, `"fineChannelAliases": "Red fine"`, `availableChannels.Red.fineChannelAliases: must be a list, got "Red fine"`},
	{`"fineChannelAliases": ["Red fine"]`, `"fineChannelAliases": ["Pan"]`, `availableChannels.Pan: there is another channel 'Pan'`},
	{`"Pan": { "defaultValue": "50%", "capability"`, `"Pan": { "defaultValue": "50%", "capabilities": [], "capability"`, `availableChannels.Pan: a channel must have either capability or capabilities`},
	{`"eachPixelXYZ"`, `"eachPixelXXX"`, `modes[1].channels[8].repeatFor: must be "eachPixelABC", "eachPixelXYZ" (or another order of axes), "eachPixelGroup" or a list of pixels, got "eachPixelXXX"`},
	{`"eachPixelXYZ"`, `["A", "C"]`, `modes[1].channels[8].repeatFor[1]: no pixel or group of pixels 'C'`},
	{`"perPixel"`, `"perpixel"`, `modes[1].channels[8].channelOrder: must be "perPixel" or "perChannel", got "perpixel"`},
	{`"insert": "matrixChannels"`, `"insert": "channels"`, `modes[1].channels[8].insert: must be "matrixChannels", got "channels"`},
	{`["White $pixelKey"]`, `["Withe $pixelKey"]`, `modes[1].channels[8].templateChannels[0]: no channel 'Withe A' (did you mean 'White A'?)`},
	{`["White $pixelKey"]`, `["White"]`, `modes[1].channels[8].templateChannels[0]: a template has $pixelKey in its name, got 'White'`},
	{`"White $pixelKey": {`, `"White": {`, `templateChannels.White: the name of a template must have $pixelKey in it`},
	{`"pixelKeys": [[["A", "B", null]]]`, `"pixelCount": [3, 1]`, `matrix.pixelCount: must be three numbers of pixels: across, down and deep, got a list`},
	{`"pixelKeys": [[["A", "B", null]]]`, `"pixelCount": [300, 300, 1]`, `matrix.pixelCount: 90000 pixels, more than 512`},
	{`{ "x": ["odd"] }`, `{ "x": ["oddly"] }`, `matrix.pixelGroups.Odd.x[0]: must be a rule such as "=3", ">=3", "<=3", "even", "odd" or "3n+1", got "oddly"`},
	{`{ "x": ["odd"] }`, `{ "name": ["("] }`, `matrix.pixelGroups.Odd.name[0]: must be a regular expression, got "("`},
	{`{ "x": ["odd"] }`, `["A", "D"]`, `matrix.pixelGroups.Odd[1]: no pixel 'D'`},
	{`{ "x": ["odd"] }`, `"most"`, `matrix.pixelGroups.Odd: must be "all", a list of pixels or an object with x, y, z or name, got "most"`},
	{`"Preset": {`, `"Pan": {`, `line 12: availableChannels.Pan is there twice`},
	{`"name": "Spot",`, `"name": "Spot"`, `line 3: invalid character '"' after object key:value pair`},
	{soundOFL[len(soundOFL)-2:], ``, `line 19: the file ends too early`},
	{soundOFL, ``, `line 1: the file ends too early`},
	{soundOFL, `[]`, `the file must be an object with name, availableChannels and modes, got an empty list`},
	{soundOFL, soundOFL + `{}`, `line 20: there is something after the end`},
	{soundOFL, strings.Repeat("[", 40) + strings.Repeat("]", 40), `line 1: values are nested more than 32 deep`},
	{soundOFL, strings.Repeat(" ", maxJSON+1), `the file has 4194305 bytes, more than 4194304`},
	{`["Pan", null, `, `["Pan", ` + strings.Repeat("null, ", 600), `modes[1].channels: the mode has more than 512 channels`},
}

// TestMistakesInOFL breaks a sound file in one place at a time.
func TestMistakesInOFL(t *testing.T) {
	if _, err := parseOFL([]byte(soundOFL), "9ch"); err != nil {
		t.Fatalf("the sound file: %v", err)
	}
	for _, m := range mistakesOFL {
		_, err := Read(fstest.MapFS{"fixtures/spot.json": {Data: m.in(t, soundOFL)}}, "fixtures/spot.json", "Full")
		wantError(t, err, "fixtures/spot.json: "+m.want)
	}
}

// in is the file with the mistake.
func (m mistake) in(t *testing.T, sound string) []byte {
	t.Helper()
	if !strings.Contains(sound, m.old) {
		t.Errorf("nothing is %s", m.old)
	}
	return []byte(strings.Replace(sound, m.old, m.new, 1))
}

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	if got := fmt.Sprint(err); got != want {
		t.Errorf("error\n     %s\nwant %s", got, want)
	}
}

// soundGDTF is a description with a bit of everything.
const soundGDTF = `<?xml version="1.0" encoding="UTF-8"?>
<GDTF DataVersion="1.2">
  <FixtureType Name="Spot">
    <AttributeDefinitions><Attributes><Attribute Name="Pan" PhysicalUnit="Angle"/><Attribute Name="LoadPaper"/></Attributes></AttributeDefinitions>
    <Wheels><Wheel Name="Gobos"><Slot Name="Open"/><Slot Name="Dots" Color="0.3,0.3,100"/></Wheel></Wheels>
    <PhysicalDescriptions><Emitters><Emitter Name="Red" Color="0.7,0.3,20"/></Emitters></PhysicalDescriptions>
    <Geometries>
      <Geometry Name="Base"><GeometryReference Name="P1" Geometry="Pixel"><Break DMXBreak="1" DMXOffset="6"/></GeometryReference></Geometry>
      <Beam Name="Pixel"/>
    </Geometries>
    <DMXModes>
      <DMXMode Name="Basic" Geometry="Base"><DMXChannels/></DMXMode>
      <DMXMode Name="Full" Geometry="Base">
        <DMXChannels>
          <DMXChannel Offset="1,2" Geometry="Base">
            <LogicalChannel Attribute="Pan"><ChannelFunction Name="Pan" Attribute="Pan" DMXFrom="0/2" Default="32768/2" PhysicalFrom="-270" PhysicalTo="270"/></LogicalChannel>
          </DMXChannel>
          <DMXChannel Offset="3" Geometry="Base" InitialFunction="Base_Gobo1.Gobo1.Gobo">
            <LogicalChannel Attribute="Gobo1">
              <ChannelFunction Name="Gobo" Attribute="Gobo1" DMXFrom="0/1" Wheel="Gobos">
                <ChannelSet Name="Open" DMXFrom="0/1" WheelSlotIndex="1"/>
                <ChannelSet Name="Dots" DMXFrom="10/1" WheelSlotIndex="2"/>
              </ChannelFunction>
              <ChannelFunction Name="Spin" Attribute="Gobo1WheelSpin" DMXFrom="128/1"/>
            </LogicalChannel>
          </DMXChannel>
          <DMXChannel DMXBreak="Overwrite" Offset="1" Geometry="Pixel">
            <LogicalChannel Attribute="ColorAdd_R"><ChannelFunction Attribute="ColorAdd_R" Emitter="Red"/></LogicalChannel>
          </DMXChannel>
        </DMXChannels>
      </DMXMode>
    </DMXModes>
  </FixtureType>
</GDTF>`

var mistakesGDTF = []mistake{
	{`<FixtureType Name="Spot">`, `<FixtureType>`, `line 3: Name: must be a name, but it is not there`},
	{`<GDTF DataVersion="1.2">`, `<MVR>`, `line 34: element <MVR> closed by </GDTF>`},
	{`Offset="1,2"`, `Offset="1;2"`, `line 15: DMXModes.DMXMode[1].DMXChannels.DMXChannel[0].Offset: must be different numbers 1-512 with commas between, or None, got "1;2"`},
	{`Offset="1,2"`, `Offset="0"`, `line 15: DMXModes.DMXMode[1].DMXChannels.DMXChannel[0].Offset: must be different numbers 1-512 with commas between, or None, got "0"`},
	{`Offset="1,2"`, `Offset="1,1"`, `line 15: DMXModes.DMXMode[1].DMXChannels.DMXChannel[0].Offset: must be different numbers 1-512 with commas between, or None, got "1,1"`},
	{`Offset="1,2"`, `Offset="7,8,9,10"`, `line 15: DMXModes.DMXMode[1].DMXChannels.DMXChannel[0].Offset: has 4 addresses; channels have up to 24 bits`},
	{`Offset="1,2"`, `Offset="2,3"`, `line 14: DMXModes.DMXMode[1].DMXChannels: 'Pan' and 'Gobo1' are both at offset 3`},
	{`Offset="1,2" Geometry="Base"`, `Offset="1,2" Geometry="Bsae"`, `line 15: DMXModes.DMXMode[1].DMXChannels.DMXChannel[0].Geometry: no geometry 'Bsae' in the mode (did you mean 'Base'?)`},
	{`Offset="1,2" Geometry="Base"`, `Offset="1,2"`, `line 15: DMXModes.DMXMode[1].DMXChannels.DMXChannel[0].Geometry: must be a name, but it is not there`},
	{`Offset="1,2" Geometry="Base"`, `DMXBreak="2" Offset="1,2" Geometry="Base"`, `line 15: DMXModes.DMXMode[1].DMXChannels.DMXChannel[0].DMXBreak: is 2: the mode takes several start addresses; choose a mode that takes one`},
	{`Offset="1,2" Geometry="Base"`, `DMXBreak="Overwrite" Offset="1,2" Geometry="Base"`, `line 15: DMXModes.DMXMode[1].DMXChannels.DMXChannel[0].DMXBreak: is Overwrite, but geometry 'Base' is not referred to`},
	{`<LogicalChannel Attribute="Pan">`, `<LogicalChannel Attribute="Pam">`, `line 16: DMXModes.DMXMode[1].DMXChannels.DMXChannel[0].LogicalChannel.Attribute: no attribute 'Pam' (did you mean 'Pan'?)`},
	{`Name="Pan" Attribute="Pan"`, `Name="Pan" Attribute="LoadPapers"`, `line 16: DMXModes.DMXMode[1].DMXChannels.DMXChannel[0].LogicalChannel.ChannelFunction.Attribute: no attribute 'LoadPapers' (did you mean 'LoadPaper'?)`},
	{`DMXFrom="0/2"`, `DMXFrom="x/2"`, `line 16: DMXModes.DMXMode[1].DMXChannels.DMXChannel[0].LogicalChannel.ChannelFunction.DMXFrom: must be a value and its bytes, such as "128/1", got "x/2"`},
	{`Default="32768/2"`, `Default="32768/1"`, `line 16: DMXModes.DMXMode[1].DMXChannels.DMXChannel[0].LogicalChannel.ChannelFunction.Default: must be a value and its bytes, such as "128/1", got "32768/1"`},
	{`Default="32768/2"`, `Default="1/9"`, `line 16: DMXModes.DMXMode[1].DMXChannels.DMXChannel[0].LogicalChannel.ChannelFunction.Default: must be a value and its bytes, such as "128/1", got "1/9"`},
	{`PhysicalTo="270"`, `PhysicalTo="270°"`, `line 16: DMXModes.DMXMode[1].DMXChannels.DMXChannel[0].LogicalChannel.ChannelFunction.PhysicalTo: must be a number, got "270°"`},
	{`PhysicalTo="270"`, `PhysicalTo="NaN"`, `line 16: DMXModes.DMXMode[1].DMXChannels.DMXChannel[0].LogicalChannel.ChannelFunction.PhysicalTo: must be a number, got "NaN"`},
	{`Gobo1.Gobo1.Gobo"`, `Gobo1.Gobo1.Gobbo"`, `line 18: DMXModes.DMXMode[1].DMXChannels.DMXChannel[1].InitialFunction: no function 'Gobbo' (did you mean 'Gobo'?); the channel has Gobo, Spin`},
	{`Wheel="Gobos"`, `Wheel="Gobo"`, `line 20: DMXModes.DMXMode[1].DMXChannels.DMXChannel[1].LogicalChannel.ChannelFunction[0].Wheel: no wheel 'Gobo' (did you mean 'Gobos'?)`},
	{`WheelSlotIndex="2"`, `WheelSlotIndex="3"`, `line 22: DMXModes.DMXMode[1].DMXChannels.DMXChannel[1].LogicalChannel.ChannelFunction[0].ChannelSet[1].WheelSlotIndex: is 3, but wheel 'Gobos' has 2 slots`},
	{`WheelSlotIndex="2"`, `WheelSlotIndex="two"`, `line 22: DMXModes.DMXMode[1].DMXChannels.DMXChannel[1].LogicalChannel.ChannelFunction[0].ChannelSet[1].WheelSlotIndex: must be a whole number -2147483648-2147483647, got "two"`},
	{`DMXFrom="10/1"`, `DMXFrom="0/1"`, `line 22: DMXModes.DMXMode[1].DMXChannels.DMXChannel[1].LogicalChannel.ChannelFunction[0].ChannelSet[1].DMXFrom: is not after the set before it`},
	{`DMXFrom="10/1"`, `DMXFrom="200/1"`, `line 22: DMXModes.DMXMode[1].DMXChannels.DMXChannel[1].LogicalChannel.ChannelFunction[0].ChannelSet[1].DMXFrom: is outside of its function, 0-127`},
	{`Emitter="Red"`, `Emitter="Rde"`, `line 28: DMXModes.DMXMode[1].DMXChannels.DMXChannel[2].LogicalChannel.ChannelFunction.Emitter: no emitter 'Rde' (did you mean 'Red'?)`},
	{`<LogicalChannel Attribute="ColorAdd_R"><ChannelFunction Attribute="ColorAdd_R" Emitter="Red"/></LogicalChannel>`, ``, `line 27: DMXModes.DMXMode[1].DMXChannels.DMXChannel[2]: there is no LogicalChannel with a ChannelFunction in it`},
	{`Color="0.7,0.3,20"`, `Color="red"`, `line 6: PhysicalDescriptions.Emitters.Emitter.Color: must be a colour x,y,Y such as "0.3127,0.3290,100", got "red"`},
	{`Color="0.3,0.3,100"`, `Color="0.3,0.3"`, `line 5: Wheels.Wheel.Slot[1].Color: must be a colour x,y,Y such as "0.3127,0.3290,100", got "0.3,0.3"`},
	{`<Wheel Name="Gobos">`, `<Wheel>`, `line 5: Wheels.Wheel.Name: must be a name, but it is not there`},
	{`Geometry="Pixel"><Break`, `Geometry="Pixl"><Break`, `line 8: Geometries.Geometry.GeometryReference.Geometry: no geometry 'Pixl' (did you mean 'Pixel'?)`},
	{`Geometry="Pixel"><Break`, `Geometry="Base"><Break`, `line 8: Geometries.Geometry.GeometryReference: too many geometries, or some that refer to one another`},
	{`DMXOffset="6"`, `DMXOffset="0"`, `line 8: Geometries.Geometry.GeometryReference.Break.DMXOffset: must be a whole number 1-512, got "0"`},
	{`<Break DMXBreak="1"`, `<Break DMXBreak="2"`, `line 8: Geometries.Geometry.GeometryReference.Break.DMXBreak: is 2: the mode takes several start addresses; choose a mode that takes one`},
	{`Offset="1" Geometry="Pixel"`, `Offset="510" Geometry="Pixel"`, `line 27: DMXModes.DMXMode[1].DMXChannels.DMXChannel[2].Offset: is slot 515, past the last of 512`},
	{`<Beam Name="Pixel"/>`, `<Beam Name="Base"/>`, `line 9: Geometries.Beam.Name: there is another Beam 'Base'`},
	{`Name="Full" Geometry="Base"`, `Name="Full" Geometry="Body"`, `line 13: DMXModes.DMXMode[1].Geometry: no geometry 'Body'`},
	{`<DMXMode Name="Basic"`, `<DMXMode`, `line 12: DMXModes.DMXMode[0].Name: must be a name, but it is not there`},
	{`<DMXModes>`, `<DMXModes/><Other>`, `line 32: element <Other> closed by </DMXModes>`},
	{`encoding="UTF-8"`, `encoding="latin1"`, `line 1: encoding "latin1" declared but Decoder.CharsetReader is nil`},
	{`</FixtureType>`, ``, `line 34: element <FixtureType> closed by </GDTF>`},
	{soundGDTF, ``, `there is nothing in it`},
	{soundGDTF, `<GDTF/>`, `not a GDTF description: it must have GDTF and in it FixtureType`},
	{soundGDTF, `<GDTF>&who;</GDTF>`, `line 1: invalid character entity &who;`},
	{soundGDTF, strings.Repeat("<a>", 40), `line 1: more than 131072 elements, or more than 32 deep`},
	{soundGDTF, strings.Repeat(" ", maxXML+1), `it has more than 8388608 bytes`},
}

// TestMistakesInGDTF breaks a sound description in one place at a time, packed.
func TestMistakesInGDTF(t *testing.T) {
	if _, err := parseDescription([]byte(soundGDTF), "Full"); err != nil {
		t.Fatalf("the sound file: %v", err)
	}
	for _, m := range mistakesGDTF {
		packed := pack(t, map[string]string{"description.xml": string(m.in(t, soundGDTF))})
		_, err := Read(fstest.MapFS{"spot.gdtf": {Data: packed}}, "spot.gdtf", "full")
		wantError(t, err, "spot.gdtf: description.xml: "+m.want)
	}
}

// TestMistakesAboutFiles asks for what is not there or is not a profile.
func TestMistakesAboutFiles(t *testing.T) {
	damaged := pack(t, map[string]string{"description.xml": soundGDTF})
	damaged[60] ^= 0xff
	fsys := fstest.MapFS{
		"fixtures/spot.json":     {Data: []byte(soundOFL)},
		"fixtures/one.json":      {Data: []byte(`{"redirectTo": "acme/two", "name": "x", "modes": []}`)},
		"fixtures/spot.gdtf":     {Data: []byte("no zip")},
		"fixtures/empty.gdtf":    {Data: pack(t, map[string]string{"readme.txt": ""})},
		"fixtures/damaged.gdtf":  {Data: damaged},
		"fixtures/crowd.gdtf":    {Data: bytes.Repeat([]byte("PK\x01\x02"), 5000)},
		"fixtures/spot.qxf":      {},
		"fixtures/big.gdtf":      {Data: make([]byte, maxFile+1)},
		"fixtures/dir.json/file": {},
		"fixtures/wide.json":     {Data: []byte("\xff\xfe{\x00")},
	}
	for _, tt := range []struct{ file, mode, want string }{
		{"fixtures/spto.json", "", "fixtures/spto.json: there is no such file in the show folder (did you mean 'fixtures/spot.json'?)"},
		{"spot.json", "", "spot.json: there is no such file in the show folder"},
		{"../spot.json", "", "../spot.json: a profile is a file in the show folder, such as fixtures/par.json"},
		{"/etc/spot.json", "", "/etc/spot.json: a profile is a file in the show folder, such as fixtures/par.json"},
		{"", "", ": a profile is a .json file of the Open Fixture Library, a .gdtf file or the description.xml of one"},
		{"fixtures/spot.qxf", "", "fixtures/spot.qxf: a profile is a .json file of the Open Fixture Library, a .gdtf file or the description.xml of one"},
		{"fixtures/dir.json", "", "fixtures/dir.json: not a regular file"},
		{"fixtures/big.gdtf", "", "fixtures/big.gdtf: the file has 33554433 bytes, more than 33554432"},
		{"fixtures/spot.json", "", "fixtures/spot.json: mode must say which of these is meant: Basic, Full"},
		{"fixtures/spot.json", "Ful", "fixtures/spot.json: no mode 'Ful' (did you mean 'Full'?); there are Basic, Full"},
		{"fixtures/spot.json", "8ch", "fixtures/spot.json: no mode '8ch' (did you mean '1ch'?); there are Basic, Full"},
		{"fixtures/wide.json", "", "fixtures/wide.json: the file is written in UTF-16; save it as UTF-8"},
		{"fixtures/one.json", "", `fixtures/one.json: redirectTo: the profile is in another file: "acme/two"`},
		{"fixtures/spot.gdtf", "", "fixtures/spot.gdtf: not a GDTF file: it is no zip archive, or a damaged one"},
		{"fixtures/empty.gdtf", "", "fixtures/empty.gdtf: not a GDTF file: there is no description.xml in the archive"},
		{"fixtures/damaged.gdtf", "Full", "fixtures/damaged.gdtf: description.xml: it cannot be unpacked: "},
		{"fixtures/crowd.gdtf", "", "fixtures/crowd.gdtf: more than 4096 files in the archive"},
	} {
		_, err := Read(fsys, tt.file, tt.mode)
		if !strings.HasSuffix(tt.want, ": ") {
			wantError(t, err, tt.want)
		} else if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("error\n     %v\nwant %s…", err, tt.want)
		}
	}
}
