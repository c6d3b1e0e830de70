package profile

import (
	"strconv"
	"strings"
	"unicode"
)

// attributes are the properties that GDTF's attributes stand for, and with a digit in
// place of (n) all of their kind: Gobo2 is gobo_2. Attributes that are not here are
// called what they are in GDTF, with underscores: ColorMixMode is color_mix_mode.
var attributes = map[string]string{
	"Dimmer": "dimmer", "Pan": "pan", "Tilt": "tilt", "PanRotate": "pan_rotation", "TiltRotate": "tilt_rotation",
	"PositionMSpeed": "speed",
	"ColorAdd_R":     "red", "ColorAdd_G": "green", "ColorAdd_B": "blue", "ColorAdd_W": "white",
	"ColorAdd_WW": "warm_white", "ColorAdd_CW": "cold_white", "ColorAdd_UV": "uv",
	"ColorAdd_RY": "amber", "ColorAdd_GY": "lime", "ColorAdd_GC": "mint", "ColorAdd_BC": "azure", "ColorAdd_BM": "indigo", "ColorAdd_RM": "rose",
	"ColorAdd_C": "cyan", "ColorAdd_M": "magenta", "ColorAdd_Y": "yellow",
	"ColorSub_C": "cyan", "ColorSub_M": "magenta", "ColorSub_Y": "yellow",
	"ColorRGB_Red": "red", "ColorRGB_Green": "green", "ColorRGB_Blue": "blue",
	"ColorRGB_Cyan": "cyan", "ColorRGB_Magenta": "magenta", "ColorRGB_Yellow": "yellow",
	"Color(n)": "color_wheel", "ColorMacro(n)": "color_preset", "CTO": "color_temperature", "CTC": "color_temperature", "CTB": "color_temperature",
	"Color(n)WheelSpin": "color_wheel_spin",
	"Gobo(n)":           "gobo", "Gobo(n)Pos": "gobo_rotation", "Gobo(n)PosRotate": "gobo_rotation",
	"Gobo(n)WheelSpin": "gobo_spin", "Gobo(n)SelectShake": "gobo_shake", "Gobo(n)WheelShake": "gobo_shake", "Gobo(n)PosShake": "gobo_shake",
	"Gobo(n)SelectSpin": "gobo_spin",
	"AnimationWheel(n)": "animation", "AnimationWheel(n)Pos": "animation_rotation", "AnimationWheel(n)PosRotate": "animation_rotation",
	"Shutter(n)": "shutter", "Shutter(n)Strobe": "strobe", "Shutter(n)StrobePulse": "pulse", "Shutter(n)StrobePulseOpen": "pulse",
	"Shutter(n)StrobePulseClose": "pulse", "Shutter(n)StrobeRandom": "random_strobe", "Shutter(n)StrobeEffect": "strobe_effect",
	"Shutter(n)StrobeRandomPulse": "random_pulse", "Shutter(n)StrobeRandomPulseOpen": "random_pulse", "Shutter(n)StrobeRandomPulseClose": "random_pulse",
	"StrobeFrequency": "strobe", "StrobeRate": "strobe", "StrobeModeShutter": "shutter", "StrobeModeStrobe": "strobe", "StrobeModePulse": "pulse", "StrobeModeRandom": "random_strobe",
	"StrobeDuration": "strobe_duration",
	"Zoom":           "zoom", "ZoomModeSpot": "zoom", "ZoomModeBeam": "zoom", "Focus(n)": "focus", "Iris": "iris", "Frost(n)": "frost",
	"Prism(n)": "prism", "Prism(n)Pos": "prism_rotation", "Prism(n)PosRotate": "prism_rotation", "Prism(n)SelectSpin": "prism_rotation",
	"Effects(n)": "effect", "Effects(n)Rate": "effect_speed", "Effects(n)Fade": "effect_duration", "ColorEffects(n)": "color_effect",
	"Fog(n)": "fog", "Haze(n)": "haze", "Fan(n)": "fan", "Fans": "fan", "Blower(n)": "fan",
	"Control(n)": "control", "LampControl": "control", "Function": "control", "FixtureGlobalReset": "control",
	"NoFeature": "", "Dummy": "",
}

// attributeName splits an attribute of GDTF into the property it stands for and its
// number: Gobo2Pos is gobo_rotation and 2. Without a number, and for the first, it is 1.
func attributeName(attribute string) (property string, number int) {
	if p, ok := attributes[attribute]; ok {
		return p, 1
	}
	from := strings.IndexFunc(attribute, unicode.IsDigit)
	if from < 0 {
		return snake(attribute), 1
	}
	to := from
	for to < len(attribute) && attribute[to] >= '0' && attribute[to] <= '9' {
		to++
	}
	n, err := strconv.Atoi(attribute[from:to])
	if err != nil || n < 1 || n > 99 {
		return snake(attribute), 1
	}
	if p, ok := attributes[attribute[:from]+"(n)"+attribute[to:]]; ok {
		return p, n
	}
	return snake(attribute[:from] + "_" + attribute[to:]), n
}

// snake writes a name as scripts do: "Pan/Tilt Speed" is pan_tilt_speed, ColorMixMode is
// color_mix_mode. It is "" if there is neither letter nor digit in it.
func snake(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			r = '_'
		case i > 0 && unicode.IsUpper(r) && (unicode.IsLower(runes[i-1]) || i+2 < len(runes) && unicode.IsUpper(runes[i-1]) && unicode.IsLower(runes[i+1])):
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	parts := strings.FieldsFunc(b.String(), func(r rune) bool { return r == '_' })
	return strings.Join(parts, "_")
}

// nameChannels gives every channel its name: that of its property if it is the only one,
// else with a number or the pixel's name.
func (p *Profile) nameChannels() {
	count := map[string]int{}
	for _, c := range p.Channels {
		count[c.Property]++
	}
	taken := map[string]bool{}
	for i := range p.Channels {
		c := &p.Channels[i]
		switch {
		case count[c.Property] == 1:
			c.Name = c.Property
		case c.Pixel >= 0:
			c.Name = c.Property + "_" + snake(p.Pixels[c.Pixel].Name)
		case strings.HasPrefix(c.own, c.Property+"_"):
			c.Name = c.own
		default:
			c.Name = c.Property
		}
		for base, n := c.Name, 2; taken[c.Name]; n++ {
			c.Name = base + "_" + strconv.Itoa(n)
		}
		taken[c.Name] = true
	}
}
