package profile

import (
	"encoding/json"
	"strings"

	"showrun/runtime/patch"
)

// oflKind is what a type of capability is about, and which of its members are quantities.
type oflKind struct {
	property   string
	quantities []string
}

// oflKinds are the types of capabilities. The property of a few depends on more, see
// oflProperty.
var oflKinds = map[string]oflKind{
	"NoFunction":          {"", nil},
	"ShutterStrobe":       {"shutter", []string{"speed", "duration"}},
	"StrobeSpeed":         {"strobe", []string{"speed"}},
	"StrobeDuration":      {"strobe_duration", []string{"duration"}},
	"Intensity":           {"dimmer", []string{"brightness"}},
	"ColorIntensity":      {"", []string{"brightness"}},
	"ColorPreset":         {"color_preset", []string{"colorTemperature"}},
	"ColorTemperature":    {"color_temperature", []string{"colorTemperature"}},
	"Pan":                 {"pan", []string{"angle"}},
	"PanContinuous":       {"pan_rotation", []string{"speed"}},
	"Tilt":                {"tilt", []string{"angle"}},
	"TiltContinuous":      {"tilt_rotation", []string{"speed"}},
	"PanTiltSpeed":        {"speed", []string{"speed", "duration"}},
	"WheelSlot":           {"", nil},
	"WheelShake":          {"_shake", []string{"shakeSpeed", "shakeAngle"}},
	"WheelSlotRotation":   {"_rotation", []string{"speed", "angle"}},
	"WheelRotation":       {"_spin", []string{"speed", "angle"}},
	"Effect":              {"effect", []string{"speed", "duration", "parameter"}},
	"EffectSpeed":         {"effect_speed", []string{"speed"}},
	"EffectDuration":      {"effect_duration", []string{"duration"}},
	"EffectParameter":     {"effect_parameter", []string{"parameter"}},
	"SoundSensitivity":    {"sound_sensitivity", []string{"soundSensitivity"}},
	"BeamAngle":           {"zoom", []string{"angle"}},
	"BeamPosition":        {"beam_position", []string{"horizontalAngle", "verticalAngle"}},
	"Focus":               {"focus", []string{"distance"}},
	"Zoom":                {"zoom", []string{"angle"}},
	"Iris":                {"iris", []string{"openPercent"}},
	"IrisEffect":          {"iris_effect", []string{"speed"}},
	"Frost":               {"frost", []string{"frostIntensity"}},
	"FrostEffect":         {"frost_effect", []string{"speed"}},
	"Prism":               {"prism", []string{"speed", "angle"}},
	"PrismRotation":       {"prism_rotation", []string{"speed", "angle"}},
	"BladeInsertion":      {"blade", []string{"insertion"}},
	"BladeRotation":       {"blade", []string{"angle"}},
	"BladeSystemRotation": {"blade_rotation", []string{"angle"}},
	"Fog":                 {"fog", []string{"fogOutput"}},
	"FogOutput":           {"fog", []string{"fogOutput"}},
	"FogType":             {"fog_type", nil},
	"Rotation":            {"rotation", []string{"speed", "angle"}},
	"Speed":               {"speed", []string{"speed"}},
	"Time":                {"time", []string{"time"}},
	"Maintenance":         {"control", []string{"parameter"}},
	"Generic":             {"", nil},
}

// quantityUnits are the units that each quantity may have beside percent.
var quantityUnits = map[string]patch.Unit{
	"speed": patch.Hertz, "shakeSpeed": patch.Hertz, "duration": patch.Seconds, "time": patch.Seconds,
	"angle": patch.Degrees, "shakeAngle": patch.Degrees, "horizontalAngle": patch.Degrees, "verticalAngle": patch.Degrees,
	"brightness": patch.Lumens, "colorTemperature": patch.Kelvin, "distance": patch.Meters, "fogOutput": patch.CubicMetersPerMinute,
	"parameter": patch.NoUnit, "openPercent": patch.Percent, "frostIntensity": patch.Percent, "insertion": patch.Percent, "soundSensitivity": patch.Percent,
}

// oflColors are the colours of ColorIntensity.
var oflColors = []string{
	"Red", "Green", "Blue", "Cyan", "Magenta", "Yellow", "Amber", "White", "Warm White", "Cold White", "UV", "Lime", "Indigo",
}

// shutterEffects are what a ShutterStrobe does, and the property that is.
var shutterEffects = map[string]string{
	"Open": "shutter", "Closed": "shutter", "Strobe": "strobe", "Pulse": "pulse", "RampUp": "strobe_effect", "RampDown": "strobe_effect",
	"RampUpDown": "strobe_effect", "Lightning": "strobe_effect", "Spikes": "strobe_effect", "Burst": "strobe_effect",
}

// wheelProperties are what a wheel is for, by the type of its slots.
var wheelProperties = map[string]string{
	"Color": "color_wheel", "Gobo": "gobo", "Prism": "prism", "Iris": "iris", "Frost": "frost",
	"AnimationGoboStart": "animation", "AnimationGoboEnd": "animation",
}

// property is what a wheel is for; key is its name.
func (w wheel) property(key string) string {
	for _, s := range w.slots {
		if p := wheelProperties[s.kind]; p != "" {
			return p
		}
	}
	return snake(key)
}

// oflProperty is what a capability is about. channel is the key of its channel.
func (f *ofl) oflProperty(c node, kind, channel string) string {
	known := oflKinds[kind].property
	switch kind {
	case "ShutterStrobe":
		property := shutterEffects[c.get("shutterEffect").text()]
		if c.get("randomTiming").flag() && (property == "strobe" || property == "pulse") {
			return "random_" + property
		}
		return property
	case "ColorIntensity":
		return snake(strings.ToLower(c.get("color").text()))
	case "WheelSlot", "WheelShake", "WheelSlotRotation", "WheelRotation":
		w, key := f.wheelOf(c, channel)
		return w.property(key) + known
	case "BeamPosition":
		return known + map[bool]string{true: "_x", false: "_y"}[c.has("horizontalAngle") || c.has("horizontalAngleStart")]
	case "BladeInsertion":
		return known + "_" + snake(strings.Trim(c.get("blade").describe(), `"`))
	case "BladeRotation":
		return known + "_" + snake(strings.Trim(c.get("blade").describe(), `"`)) + "_rotation"
	case "Fog", "FogOutput":
		if c.get("fogType").textOr("Fog") == "Haze" {
			return "haze"
		}
	case "Generic":
		return snake(channel)
	}
	return known
}

// wheelOf finds the wheel of a capability: the one it names, or the one that is called
// as its channel. key is its name.
func (f *ofl) wheelOf(c node, channel string) (w wheel, key string) {
	n := c.get("wheel")
	if several := n.value; several != nil {
		if _, ok := several.([]any); ok && len(n.items()) > 0 {
			n = n.items()[0]
		}
	}
	key = n.textOr(channel)
	w, ok := f.wheels[key]
	if !ok {
		if !n.there {
			n = c
		}
		n.fail("no wheel '%s'%s", key, didYouMean(key, keys(f.wheels)))
	}
	return w, key
}

// readLens reads how wide the beam is; what the mode says counts more than what the fixture
// does.
func readLens(fixture, mode node) (degrees [2]float64) {
	for _, physical := range []node{fixture, mode} {
		n := physical.get("lens").get("degreesMinMax")
		if !n.there {
			continue
		}
		ends := n.items()
		if len(ends) != 2 {
			n.wants("two angles in degrees, the least and the most")
			return degrees
		}
		for i, end := range ends {
			number, ok := end.value.(json.Number)
			v, err := number.Float64()
			if !ok || err != nil || v < 0 || v > 360 {
				end.wants("an angle in degrees, 0-360")
			}
			degrees[i] = v
		}
	}
	return degrees
}

// through tells a zoom of which the file says how narrow and how wide it is in degrees.
func (c *Channel) through(lens [2]float64) {
	if c.Property != "zoom" || lens[0] == lens[1] {
		return
	}
	for i := range c.Capabilities {
		if k := &c.Capabilities[i]; k.About == "zoom" && k.Unit == patch.Percent {
			k.Start, k.End, k.Unit = angle(lens, k.Start), angle(lens, k.End), patch.Degrees
		}
	}
}

// angle is a part of the way from narrow, 1 percent or less, to wide.
func angle(lens [2]float64, percent float64) float64 {
	if percent <= 1 {
		percent = 0
	}
	return lens[0] + (lens[1]-lens[0])*percent/100
}
