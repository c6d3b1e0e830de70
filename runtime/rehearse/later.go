package rehearse

import (
	"reflect"
	"time"
)

// Later is a plain value of a recording that is repeated later by a shift: what its fields of
// the name At tell, and those of structs in it, are instants in show time. Of everything else
// there is it is a copy.
func Later(value any, shift time.Duration) any {
	v := reflect.ValueOf(value)
	if v.Kind() != reflect.Struct {
		return value
	}
	moved := reflect.New(v.Type()).Elem()
	moved.Set(v)
	later(moved, shift)
	return moved.Interface()
}

func later(v reflect.Value, shift time.Duration) {
	for i := range v.NumField() {
		switch f := v.Field(i); {
		case v.Type().Field(i).Name == "At" && f.Type() == reflect.TypeFor[time.Duration]() && f.CanSet():
			f.SetInt(f.Int() + int64(shift))
		case f.Kind() == reflect.Struct:
			later(f, shift)
		}
	}
}
