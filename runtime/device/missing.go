package device

// A MissingError tells that a device cannot be opened for want of something that is not
// there yet and may come.
type MissingError struct{ Err error }

func (e *MissingError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *MissingError) Unwrap() error { return e.Err }

// Missing is a *MissingError about err, nil for nil.
func Missing(err error) error {
	if err == nil {
		return nil
	}
	return &MissingError{err}
}
