// Package k8s would look servers up in a cluster.
package k8s

import (
	"errors"
	"log"
)

type Provider struct{}

func (*Provider) Addrs(map[string]string, *log.Logger) ([]string, error) {
	return nil, errors.New("this Consul looks nobody up in a cluster")
}
func (*Provider) Help() string { return "" }
