package color

// css are the names of colours on the web, with no spaces.
var css = map[string]uint32{
	"aliceblue":            0xf0f8ff,
	"antiquewhite":         0xfaebd7,
	"aqua":                 0x00ffff,
	"aquamarine":           0x7fffd4,
	"azure":                0xf0ffff,
	"beige":                0xf5f5dc,
	"bisque":               0xffe4c4,
	"black":                0x000000,
	"blanchedalmond":       0xffebcd,
	"blue":                 0x0000ff,
	"blueviolet":           0x8a2be2,
	"brown":                0xa52a2a,
	"burlywood":            0xdeb887,
	"cadetblue":            0x5f9ea0,
	"chartreuse":           0x7fff00,
	"chocolate":            0xd2691e,
	"coral":                0xff7f50,
	"cornflowerblue":       0x6495ed,
	"cornsilk":             0xfff8dc,
	"crimson":              0xdc143c,
	"cyan":                 0x00ffff,
	"darkblue":             0x00008b,
	"darkcyan":             0x008b8b,
	"darkgoldenrod":        0xb8860b,
	"darkgray":             0xa9a9a9,
	"darkgreen":            0x006400,
	"darkgrey":             0xa9a9a9,
	"darkkhaki":            0xbdb76b,
	"darkmagenta":          0x8b008b,
	"darkolivegreen":       0x556b2f,
	"darkorange":           0xff8c00,
	"darkorchid":           0x9932cc,
	"darkred":              0x8b0000,
	"darksalmon":           0xe9967a,
	"darkseagreen":         0x8fbc8f,
	"darkslateblue":        0x483d8b,
	"darkslategray":        0x2f4f4f,
	"darkslategrey":        0x2f4f4f,
	"darkturquoise":        0x00ced1,
	"darkviolet":           0x9400d3,
	"deeppink":             0xff1493,
	"deepskyblue":          0x00bfff,
	"dimgray":              0x696969,
	"dimgrey":              0x696969,
	"dodgerblue":           0x1e90ff,
	"firebrick":            0xb22222,
	"floralwhite":          0xfffaf0,
	"forestgreen":          0x228b22,
	"fuchsia":              0xff00ff,
	"gainsboro":            0xdcdcdc,
	"ghostwhite":           0xf8f8ff,
	"gold":                 0xffd700,
	"goldenrod":            0xdaa520,
	"gray":                 0x808080,
	"green":                0x008000,
	"greenyellow":          0xadff2f,
	"grey":                 0x808080,
	"honeydew":             0xf0fff0,
	"hotpink":              0xff69b4,
	"indianred":            0xcd5c5c,
	"indigo":               0x4b0082,
	"ivory":                0xfffff0,
	"khaki":                0xf0e68c,
	"lavender":             0xe6e6fa,
	"lavenderblush":        0xfff0f5,
	"lawngreen":            0x7cfc00,
	"lemonchiffon":         0xfffacd,
	"lightblue":            0xadd8e6,
	"lightcoral":           0xf08080,
	"lightcyan":            0xe0ffff,
	"lightgoldenrodyellow": 0xfafad2,
	"lightgray":            0xd3d3d3,
	"lightgreen":           0x90ee90,
	"lightgrey":            0xd3d3d3,
	"lightpink":            0xffb6c1,
	"lightsalmon":          0xffa07a,
	"lightseagreen":        0x20b2aa,
	"lightskyblue":         0x87cefa,
	"lightslategray":       0x778899,
	"lightslategrey":       0x778899,
	"lightsteelblue":       0xb0c4de,
	"lightyellow":          0xffffe0,
	"lime":                 0x00ff00,
	"limegreen":            0x32cd32,
	"linen":                0xfaf0e6,
	"magenta":              0xff00ff,
	"maroon":               0x800000,
	"mediumaquamarine":     0x66cdaa,
	"mediumblue":           0x0000cd,
	"mediumorchid":         0xba55d3,
	"mediumpurple":         0x9370db,
	"mediumseagreen":       0x3cb371,
	"mediumslateblue":      0x7b68ee,
	"mediumspringgreen":    0x00fa9a,
	"mediumturquoise":      0x48d1cc,
	"mediumvioletred":      0xc71585,
	"midnightblue":         0x191970,
	"mintcream":            0xf5fffa,
	"mistyrose":            0xffe4e1,
	"moccasin":             0xffe4b5,
	"navajowhite":          0xffdead,
	"navy":                 0x000080,
	"oldlace":              0xfdf5e6,
	"olive":                0x808000,
	"olivedrab":            0x6b8e23,
	"orange":               0xffa500,
	"orangered":            0xff4500,
	"orchid":               0xda70d6,
	"palegoldenrod":        0xeee8aa,
	"palegreen":            0x98fb98,
	"paleturquoise":        0xafeeee,
	"palevioletred":        0xdb7093,
	"papayawhip":           0xffefd5,
	"peachpuff":            0xffdab9,
	"peru":                 0xcd853f,
	"pink":                 0xffc0cb,
	"plum":                 0xdda0dd,
	"powderblue":           0xb0e0e6,
	"purple":               0x800080,
	"rebeccapurple":        0x663399,
	"red":                  0xff0000,
	"rosybrown":            0xbc8f8f,
	"royalblue":            0x4169e1,
	"saddlebrown":          0x8b4513,
	"salmon":               0xfa8072,
	"sandybrown":           0xf4a460,
	"seagreen":             0x2e8b57,
	"seashell":             0xfff5ee,
	"sienna":               0xa0522d,
	"silver":               0xc0c0c0,
	"skyblue":              0x87ceeb,
	"slateblue":            0x6a5acd,
	"slategray":            0x708090,
	"slategrey":            0x708090,
	"snow":                 0xfffafa,
	"springgreen":          0x00ff7f,
	"steelblue":            0x4682b4,
	"tan":                  0xd2b48c,
	"teal":                 0x008080,
	"thistle":              0xd8bfd8,
	"tomato":               0xff6347,
	"turquoise":            0x40e0d0,
	"violet":               0xee82ee,
	"wheat":                0xf5deb3,
	"white":                0xffffff,
	"whitesmoke":           0xf5f5f5,
	"yellow":               0xffff00,
	"yellowgreen":          0x9acd32,
}

// gels are common filters of two makers, by their number, with what they look like in
// white light: as near as three components come.
var gels = map[string]uint32{
	"l002": 0xff7ac8, // rose pink
	"l007": 0xfff0b0, // pale yellow
	"l010": 0xfff200, // medium yellow
	"l013": 0xffe4a6, // straw tint
	"l015": 0xffd400, // deep straw
	"l019": 0xff4500, // fire
	"l020": 0xffb347, // medium amber
	"l021": 0xff9a1f, // gold amber
	"l022": 0xff7518, // dark amber
	"l024": 0xff3b30, // scarlet
	"l026": 0xe3000f, // bright red
	"l027": 0xb80016, // medium red
	"l035": 0xffb3c6, // light pink
	"l036": 0xff8fb0, // medium pink
	"l046": 0xd1006c, // dark magenta
	"l048": 0x8a2a6f, // rose purple
	"l058": 0x9c7bd6, // lavender
	"l061": 0xcfe6f5, // mist blue
	"l063": 0xb7ddf2, // pale blue
	"l068": 0x4a8fd9, // sky blue
	"l071": 0x1d3f9c, // tokyo blue
	"l079": 0x2a4bb0, // just blue
	"l085": 0x1534a0, // deeper blue
	"l089": 0x4caf3e, // moss green
	"l090": 0x008a2e, // dark yellow green
	"l101": 0xfff04d, // yellow
	"l102": 0xffe680, // light amber
	"l103": 0xfff2c4, // straw
	"l104": 0xffd633, // deep amber
	"l105": 0xff9b1a, // orange
	"l106": 0xe60012, // primary red
	"l107": 0xff8a9a, // light rose
	"l110": 0xffb0b8, // middle rose
	"l113": 0xe0003c, // magenta
	"l115": 0x00b0a0, // peacock blue
	"l116": 0x008f8a, // medium blue green
	"l117": 0xb0e4ee, // steel blue
	"l118": 0x4fc3e8, // light blue
	"l119": 0x1f3aa8, // dark blue
	"l120": 0x0b2a8f, // deep blue
	"l122": 0x7ccf6c, // fern green
	"l124": 0x00a651, // dark green
	"l126": 0xb4007a, // mauve
	"l128": 0xe6007e, // bright pink
	"l132": 0x2b6fd0, // medium blue
	"l134": 0xff8c3a, // golden amber
	"l135": 0xff6a13, // deep golden amber
	"l137": 0xb9a0d8, // special lavender
	"l139": 0x007a33, // primary green
	"l141": 0x00a3e0, // bright blue
	"l147": 0xffa062, // apricot
	"l148": 0xff3d5a, // bright rose
	"l151": 0xffc9a8, // gold tint
	"l152": 0xffd8c0, // pale gold
	"l154": 0xffd6cf, // pale rose
	"l158": 0xff6f1f, // deep orange
	"l161": 0xa9cbe8, // slate blue
	"l164": 0xff3a20, // flame red
	"l165": 0x3f97e0, // daylight blue
	"l170": 0xc9a0dc, // deep lavender
	"l172": 0x00a9c0, // lagoon blue
	"l174": 0xb3d0ea, // dark steel blue
	"l176": 0xffb8a0, // loving amber
	"l179": 0xffa800, // chrome orange
	"l180": 0x6a3ab2, // dark lavender
	"l181": 0x2a1080, // congo blue
	"l182": 0xc8001e, // light red
	"l183": 0x1565c8, // moonlight blue
	"l194": 0x9a70d0, // surprise pink
	"l195": 0x1b2a9a, // zenith blue
	"l196": 0x5a9be0, // true blue
	"l197": 0x4a6ec8, // alice blue
	"l200": 0x5f9be8, // double CT blue
	"l201": 0xa8c8f5, // full CT blue
	"l202": 0xcfe0fa, // half CT blue
	"l203": 0xe6f0fd, // quarter CT blue
	"l204": 0xffb968, // full CT orange
	"l205": 0xffd9a8, // half CT orange
	"l206": 0xffebd2, // quarter CT orange
	"l219": 0x00a08c, // fluorescent green
	"l241": 0x8fe0d0, // fluorescent 5700 kelvin
	"l281": 0xdce9fc, // three quarter CT blue
	"l328": 0xe0318c, // follies pink
	"l332": 0xe0245e, // special rose pink
	"l343": 0x7040b8, // special medium lavender
	"l345": 0x8a2f8f, // fuchsia pink
	"l352": 0x3a86d8, // glacier blue
	"l354": 0x20c0c8, // special steel blue
	"l363": 0x1a3fa0, // special medium blue
	"l366": 0xa8c4e8, // cornflower
	"l701": 0xa860c0, // provence
	"l707": 0x3a1a80, // ultimate violet
	"l713": 0x141c90, // J. Winter blue
	"l715": 0x2438a0, // cabana blue
	"l716": 0x1e3cb0, // mikkel blue
	"l721": 0x1030a0, // berry blue
	"l723": 0x2040b8, // virgin blue
	"l778": 0xff6000, // millennium gold
	"l781": 0xe02010, // terry red
	"l789": 0x900018, // blood red
	"r02":  0xffe0b0, // bastard amber
	"r08":  0xffd8b0, // pale gold
	"r09":  0xffc890, // pale amber gold
	"r10":  0xffee20, // medium yellow
	"r12":  0xfff000, // straw
	"r15":  0xffcc20, // deep straw
	"r16":  0xffd8a0, // light amber
	"r18":  0xffa860, // flame
	"r19":  0xff5a20, // fire
	"r20":  0xffa838, // medium amber
	"r21":  0xff9020, // golden amber
	"r22":  0xff7010, // deep amber
	"r23":  0xff5a10, // orange
	"r25":  0xff3818, // orange red
	"r26":  0xe01020, // light red
	"r27":  0xc00018, // medium red
	"r32":  0xff5a60, // medium salmon pink
	"r33":  0xffc8cc, // no color pink
	"r36":  0xff80a0, // medium pink
	"r40":  0xff7850, // light salmon
	"r46":  0xe0105a, // magenta
	"r48":  0xa050b8, // rose purple
	"r51":  0xe8d8f0, // surprise pink
	"r54":  0xc0a8e0, // special lavender
	"r58":  0x7a48c0, // deep lavender
	"r59":  0x3820a0, // indigo
	"r60":  0xc8e0f8, // no color blue
	"r63":  0xa8d0f0, // pale blue
	"r64":  0x60b0f0, // light steel blue
	"r65":  0x40b0f0, // daylight blue
	"r68":  0x2878d8, // sky blue
	"r69":  0x0080c8, // brilliant blue
	"r74":  0x1828a0, // night blue
	"r76":  0x006090, // light green blue
	"r77":  0x0058a0, // green blue
	"r78":  0x4a50c8, // trudy blue
	"r79":  0x1030b0, // bright blue
	"r80":  0x0828b0, // primary blue
	"r82":  0x1840b8, // surprise blue
	"r83":  0x0a2890, // medium blue
	"r85":  0x0a1c80, // deep blue
	"r86":  0xa0e050, // pea green
	"r89":  0x60b840, // moss green
	"r90":  0x008030, // dark yellow green
	"r91":  0x007838, // primary green
	"r92":  0x00b0a0, // turquoise
	"r93":  0x009890, // blue green
	"r95":  0x008c88, // medium blue green
	"r97":  0xb0b0b0, // light grey
	"r99":  0xc89858, // chocolate
}
