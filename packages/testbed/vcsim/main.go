// Command vcsim answers as a small vCenter (or ESXi) on a loopback port. It uses only what every govmomi since 0.24
// offers; whatever differs between versions is evened out by the proxy in front of it.
package main

import (
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"io/ioutil"
	"log"
	"net/url"
	"os"

	"github.com/vmware/govmomi/simulator"
)

// govmomi is the version this program was built with; the build sets it.
var govmomi = "unknown"

func main() {
	model := flag.String("model", "vpx", "vpx for a vCenter, esx for a single ESXi host")
	hosts := flag.Int("hosts", 2, "hosts in the cluster (vpx)")
	machines := flag.Int("machines", 0, "virtual machines that are there from the start")
	off := flag.Bool("off", false, "leave those machines switched off, which makes them twice as fast")
	portgroups := flag.Int("portgroups", 2, "distributed port groups (vpx)")
	username := flag.String("username", "", "the only user that may log in; the environment gives VCSIM_PASSWORD")
	certificate := flag.String("certificate", "", "PEM file; with -key the server speaks TLS")
	key := flag.String("key", "", "PEM file")
	verbose := flag.Bool("verbose", false, "keep the log of the simulator")
	flag.Parse()
	if !*verbose {
		log.SetOutput(ioutil.Discard)
	}

	m := simulator.ESX()
	if *model == "vpx" {
		m = simulator.VPX()
		m.Datacenter, m.Cluster, m.Host = 1, 1, 0
		m.ClusterHost = *hosts
		m.Portgroup = *portgroups
	} else if *model != "esx" {
		fail(fmt.Errorf("-model must be vpx or esx, not %q", *model))
	}
	m.Machine = *machines
	m.Autostart = !*off
	fail(m.Create())

	m.Service.Listen = &url.URL{Scheme: "http", Host: "127.0.0.1:0"}
	if *username != "" {
		m.Service.Listen.User = url.UserPassword(*username, os.Getenv("VCSIM_PASSWORD"))
	}
	if *certificate != "" {
		pair, err := tls.LoadX509KeyPair(*certificate, *key)
		fail(err)
		m.Service.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	}
	server := m.Service.NewServer()
	address := *server.URL
	address.User = nil
	fail(json.NewEncoder(os.Stdout).Encode(map[string]string{"url": address.String(), "govmomi": govmomi}))

	// The owner holds the other end of standard input: when it is gone, however it ended, so are we.
	_, _ = io.Copy(ioutil.Discard, os.Stdin)
	// No server.Close(): it would wait for clients that wait for updates.
	m.Remove()
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "vcsim:", err)
		os.Exit(1)
	}
}
