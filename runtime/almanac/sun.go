package almanac

import (
	"math"
	"time"
)

// horizon is how far from the zenith the middle of the sun is when its upper edge appears
// at the horizon, in degrees: half its width, and what the air bends.
const horizon = 90.833

// sun is when the sun rises or sets on a day of UTC around local noon; false if it does not.
// It is right to a minute or two below the polar circles, where mountains are not.
func (p Place) sun(date time.Time, rise bool) (time.Time, bool) {
	noon := date.Add(12*time.Hour - degrees(p.Longitude))
	at := noon
	for range 3 { // the sun moves while the earth turns
		declination, ahead := position(at)
		cos := (cosine(horizon) - sine(p.Latitude)*sine(declination)) / (cosine(p.Latitude) * cosine(declination))
		if !(cos >= -1 && cos <= 1) {
			return time.Time{}, false
		}
		turn := degrees(math.Acos(cos) * 180 / math.Pi)
		if rise {
			turn = -turn
		}
		at = noon.Add(turn - ahead)
	}
	return at, true
}

// degrees is how long the earth takes to turn by an angle.
func degrees(angle float64) time.Duration { return time.Duration(angle * 240 * float64(time.Second)) }

// position is the declination of the sun in degrees, and by how much a sundial is ahead of
// clocks of mean time. The formulas are those of low accuracy in Meeus, Astronomical
// Algorithms, chapters 25 and 28.
func position(at time.Time) (declination float64, ahead time.Duration) {
	century := at.Sub(time.Date(2000, 1, 1, 12, 0, 0, 0, time.UTC)).Hours() / 24 / 36525
	long := 280.46646 + century*(36000.76983+century*0.0003032)
	anomaly := 357.52911 + century*(35999.05029-century*0.0001537)
	eccentricity := 0.016708634 - century*(0.000042037+century*0.0000001267)
	center := sine(anomaly)*(1.914602-century*(0.004817+century*0.000014)) +
		sine(2*anomaly)*(0.019993-century*0.000101) + sine(3*anomaly)*0.000289
	node := 125.04 - 1934.136*century
	apparent := long + center - 0.00569 - 0.00478*sine(node)
	tilt := 23.439291 - century*(0.0130042+century*(0.00000016-century*0.000000504)) + 0.00256*cosine(node)

	declination = math.Asin(sine(tilt)*sine(apparent)) * 180 / math.Pi
	y := math.Pow(math.Tan(tilt/2*math.Pi/180), 2)
	equation := y*sine(2*long) - 2*eccentricity*sine(anomaly) + 4*eccentricity*y*sine(anomaly)*cosine(2*long) -
		y*y/2*sine(4*long) - 1.25*eccentricity*eccentricity*sine(2*anomaly)
	return declination, degrees(equation * 180 / math.Pi)
}

func sine(degrees float64) float64   { return math.Sin(degrees * math.Pi / 180) }
func cosine(degrees float64) float64 { return math.Cos(degrees * math.Pi / 180) }
