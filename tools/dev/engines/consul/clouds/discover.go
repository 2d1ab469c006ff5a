// Package discover stands in the place of the one that looks servers up with a dozen clouds: their libraries are most
// of what would have to be fetched and built, and one server on this machine joins nobody.
package discover

import (
	"errors"
	"log"
)

type Provider interface {
	Addrs(args map[string]string, l *log.Logger) ([]string, error)
	Help() string
}

var Providers = map[string]Provider{}

type Discover struct{}

type Option func(*Discover) error

func New(...Option) (*Discover, error)              { return &Discover{}, nil }
func WithUserAgent(string) Option                   { return nil }
func WithProviders(map[string]Provider) Option      { return nil }
func (*Discover) Names() []string                   { return nil }
func (*Discover) Help() string                      { return "" }
func (*Discover) Addrs(string, *log.Logger) ([]string, error) {
	return nil, errors.New("this Consul looks nobody up in a cloud")
}
