package main

import (
	"bufio"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"showrun/cmd/showrun/settings"
	"showrun/drivers/signet/key"
	"showrun/drivers/signet/wire"
	devsignet "showrun/runtime/device/signet"
	"showrun/runtime/host"
)

// errSecretArgument answers a key or passphrase given as an argument.
var errSecretArgument = usageError{errors.New("a key or passphrase on the command line can be read by every user of this machine and stays in the shell's history; use showrun keys, a file or an environment variable")}

// keys builds the verbs for the key of the Sig-Net installation.
func (a *app) keys() *cobra.Command {
	var state string
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "Make, keep and pass on the key of a Sig-Net installation",
		Long: `Every Sig-Net packet is signed with keys made from one root key per installation,
usually typed as a passphrase into each device. showrun keeps it in its state folder,
readable by you alone; shows that name no key of their own use it.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.PersistentFlags().StringVar(&state, "state", "", stateUsage)
	settings.Shared(cmd.PersistentFlags(), "state")
	file := func() (string, error) {
		if state != "" {
			return devsignet.KeyFile(state), os.MkdirAll(state, 0o700)
		}
		dir, err := host.DefaultStateDir()
		if err != nil {
			return "", err
		}
		return devsignet.KeyFile(dir), os.MkdirAll(dir, 0o700)
	}

	var force, typed bool
	create := &cobra.Command{
		Use:   "new",
		Short: "Make a passphrase, or take one that is typed, and keep its key",
		Args:  noSecrets,
		RunE: func(*cobra.Command, []string) error {
			return withFile(file, func(f string) error { return a.newKey(f, typed, force) })
		},
	}
	create.Flags().BoolVar(&typed, "passphrase", false, "ask for the passphrase of an installation that has one (or read a line of standard input)")
	create.Flags().BoolVar(&force, "force", false, "replace the key that is kept now")
	settings.ByHand(create.Flags(), "passphrase", "force")

	imp := &cobra.Command{
		Use:   "import FILE",
		Short: "Keep the key of a transfer file or a guest file",
		Args:  one("the file to import"),
		RunE: func(_ *cobra.Command, args []string) error {
			return withFile(file, func(f string) error { return a.importKey(f, args[0], force) })
		},
	}
	imp.Flags().BoolVar(&force, "force", false, "replace the key that is kept now")
	settings.ByHand(imp.Flags(), "force")

	var guest, scope string
	export := &cobra.Command{
		Use:   "export --guest FILE",
		Short: "Write a file with which others may send and listen but not command",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			if guest == "" {
				return usageError{errors.New("only guest keys leave the key store: showrun keys export --guest FILE")}
			}
			return withFile(file, func(f string) error { return a.exportGuest(f, guest, scope) })
		},
	}
	export.Flags().StringVar(&guest, "guest", "", "the file to write; it must not exist")
	export.Flags().StringVar(&scope, "scope", wire.DefaultScope, "the scope the keys are for")
	settings.ByHand(export.Flags(), "guest", "scope")
	settings.Path(export.Flags(), "guest")

	var fingerprint bool
	show := &cobra.Command{
		Use:   "show --fingerprint",
		Short: "Tell the kept key from others without showing it",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			if !fingerprint {
				return usageError{errors.New("a key is never shown; its fingerprint is: showrun keys show --fingerprint")}
			}
			return withFile(file, a.showKey)
		},
	}
	show.Flags().BoolVar(&fingerprint, "fingerprint", false, "print the fingerprint")
	settings.ByHand(show.Flags(), "fingerprint")

	forget := &cobra.Command{
		Use:   "forget",
		Short: "Remove the kept key",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			return withFile(file, func(f string) error {
				err := os.Remove(f)
				if errors.Is(err, fs.ErrNotExist) {
					return errNoKeyKept
				}
				return err
			})
		},
	}
	cmd.AddCommand(create, imp, export, show, forget)
	return cmd
}

var errNoKeyKept = errors.New("no key is kept; make one with showrun keys new, or keep one with showrun keys import FILE")

func withFile(file func() (string, error), f func(string) error) error {
	name, err := file()
	if err != nil {
		return err
	}
	return f(name)
}

// newKey keeps the key of a passphrase, which is generated and shown, or typed.
func (a *app) newKey(file string, typed, force bool) error {
	if err := mayReplace(file, force); err != nil {
		return err
	}
	passphrase, err := key.GeneratePassphrase(rand.Reader)
	if typed {
		passphrase, err = a.readPassphrase()
	}
	if err != nil {
		return err
	}
	k0, err := key.FromPassphrase(passphrase)
	if err != nil {
		return fmt.Errorf("the passphrase: %w", err)
	}
	if !key.PassphraseIsASCII(passphrase) {
		fmt.Fprintln(a.stderr, "Note: the passphrase has characters beyond ASCII, which some devices cannot take.")
	}
	if err := key.WriteFile(file, key.AppendK0(nil, k0)); err != nil {
		return err
	}
	if !typed {
		fmt.Fprintf(a.stdout, "%s\n", passphrase)
		fmt.Fprintln(a.stderr, "This passphrase is shown once. Write it down and type it into the other devices.")
	}
	fmt.Fprintf(a.stderr, "Fingerprint %s\n", fingerprint(k0.Keys()))
	return nil
}

// readPassphrase asks for a passphrase without showing it, or reads a line where
// nobody is there to ask.
func (a *app) readPassphrase() (string, error) {
	if fd := int(os.Stdin.Fd()); term.IsTerminal(fd) {
		fmt.Fprint(a.stderr, "Passphrase: ")
		p, err := term.ReadPassword(fd)
		fmt.Fprintln(a.stderr)
		return string(p), err
	}
	line, err := bufio.NewReader(io.LimitReader(os.Stdin, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return strings.TrimRight(line, "\r\n"), nil
}

func (a *app) importKey(file, from string, force bool) error {
	if err := mayReplace(file, force); err != nil {
		return err
	}
	t, err := key.ReadFile(from)
	if err != nil {
		return err
	}
	content := key.AppendGuest(nil, orDefault(t.Scope), t.Guest)
	if t.HasK0 {
		content = key.AppendK0(nil, t.K0)
	}
	if err := key.WriteFile(file, content); err != nil {
		return err
	}
	fmt.Fprintf(a.stderr, "Fingerprint %s\n", fingerprint(t.Keys()))
	if t.Exposed {
		fmt.Fprintf(a.stderr, "Note: other users of this machine can read %s; remove it if it is no longer needed.\n", from)
	}
	return nil
}

func (a *app) exportGuest(file, to, scope string) error {
	if err := wire.CheckScope(scope); err != nil {
		return usageError{err}
	}
	t, err := readKey(file)
	if err != nil {
		return err
	}
	if _, err := os.Stat(to); err == nil {
		return fmt.Errorf("%s exists already", to)
	}
	return key.WriteFile(to, key.AppendGuest(nil, scope, t.Keys()))
}

func (a *app) showKey(file string) error {
	t, err := readKey(file)
	if err != nil {
		return err
	}
	kind := "guest keys"
	if t.HasK0 {
		kind = "root key"
	}
	fmt.Fprintf(a.stdout, "%s %s\n", kind, fingerprint(t.Keys()))
	return nil
}

func readKey(file string) (key.Transfer, error) { return keyOf(key.ReadFile(file)) }

// findKey is the key for who keeps the rest in a state folder.
func findKey(dir string) (key.Transfer, error) {
	return keyOf(devsignet.FindKey(host.KeyFolders(dir)...))
}

func keyOf(t key.Transfer, err error) (key.Transfer, error) {
	if errors.Is(err, fs.ErrNotExist) {
		return t, errNoKeyKept
	}
	return t, err
}

func mayReplace(file string, force bool) error {
	if _, err := os.Stat(file); err == nil && !force {
		return errors.New("a key is kept already; --force replaces it, showrun keys forget removes it")
	}
	return nil
}

func orDefault(scope string) string {
	if scope == "" {
		return wire.DefaultScope
	}
	return scope
}

// fingerprint tells keys apart. A root key and the guest keys made from it have
// the same one. It is a keyed hash, so it gives nothing of the key away.
func fingerprint(k key.Keys) string {
	mac := hmac.New(sha256.New, k.Sender[:])
	mac.Write([]byte("showrun key fingerprint"))
	sum := mac.Sum(nil)
	return fmt.Sprintf("%x-%x-%x-%x", sum[0:2], sum[2:4], sum[4:6], sum[6:8])
}

// noSecrets refuses arguments where somebody may have typed a passphrase, without
// repeating them.
func noSecrets(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return errSecretArgument
	}
	return nil
}

func one(what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usageError{fmt.Errorf("name %s", what)}
		}
		return nil
	}
}
