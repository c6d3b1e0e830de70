package wire

import "testing"

func TestText(t *testing.T) {
	for want, tlv := range map[string]TLV{
		"TID_EP_UNIVERSE 7":                                                        {TIDEPUniverse, []byte{0, 7}},
		"TID_EP_UNIVERSE 07":                                                       {TIDEPUniverse, []byte{7}},
		`TID_EP_LABEL "Left"`:                                                      {TIDEPLabel, []byte("\x00Left")},
		"TID_RT_ROLE_CAPABILITY 0x81":                                              {TIDRoleCapability, []byte{0, 0, 0, 0x81}},
		"TID_NW_IPV4_CURRENT 10.0.0.1 255.0.0.0 10.0.0.254":                        {TIDIPv4Current, []byte{10, 0, 0, 1, 255, 0, 0, 0, 10, 0, 0, 254}},
		"TID_NW_IPV6_ADDRESS ::1":                                                  {TIDIPv6Address, append(make([]byte, 15), 1)},
		`TID_RT_FIRMWARE_VERSION 7 "1.2"`:                                          {TIDFirmwareVersion, []byte("\x00\x00\x00\x071.2")},
		"TID_RT_SUPPORTED_TIDS 0001 7ABC":                                          {TIDSupportedTIDs, []byte{0, 1, 0x7A, 0xBC}},
		"TID_TIMECODE 01:02:03;04 at 29.97":                                        {TIDTimecode, []byte{1, 2, 3, 4, 2}},
		"TID_TIMECODE ff ff ff ff ff":                                              {TIDTimecode, []byte{255, 255, 255, 255, 255}},
		"TID_DG_SECURITY_EVENT code 1, 2 times":                                    {TIDSecurityEvent, []byte{0, 1, 0, 0, 0, 2, 0}},
		"TID_DG_SECURITY_EVENT 00":                                                 {TIDSecurityEvent, []byte{0}},
		"TID_DG_SECURITY_EVENT code 1, 2 times, last from 1.2.3.4":                 {TIDSecurityEvent, []byte{0, 1, 0, 0, 0, 2, 1, 1, 2, 3, 4}},
		"TID_LEVEL 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 ... (17 bytes)": {TIDLevel, make([]byte, 17)},
		"TID_8001 01":                                                              {0x8001, []byte{1}},
		"TID_SYNC ":                                                                {TIDSync, nil},
	} {
		if got := tlv.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	for _, e := range Table() { // any bytes of any length in bounds can be written
		for n := e.Min; n <= e.Max; n++ {
			if text := (TLV{e.TID, make([]byte, n)}).String(); text == "" {
				t.Errorf("%v: nothing to read", e.TID)
			}
		}
	}
}
