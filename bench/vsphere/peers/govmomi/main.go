// Reads properties of every virtual machine of a vCenter, as a program with govmomi does, and prints how many there are.
package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/view"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
)

func main() {
	count, err := inventory(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(count)
}

func inventory(ctx context.Context) (int, error) {
	address, err := url.Parse(os.Getenv("VCENTER_URL"))
	if err != nil {
		return 0, err
	}
	client := soap.NewClient(address, false)
	if err := client.SetRootCAs(os.Getenv("VCENTER_CA_FILE")); err != nil {
		return 0, err
	}
	vim, err := vim25.NewClient(ctx, client)
	if err != nil {
		return 0, err
	}
	sessions := session.NewManager(vim)
	user := url.UserPassword(os.Getenv("VCENTER_USERNAME"), os.Getenv("VCENTER_PASSWORD"))
	if err := sessions.Login(ctx, user); err != nil {
		return 0, err
	}
	defer sessions.Logout(ctx)
	container, err := view.NewManager(vim).CreateContainerView(ctx, vim.ServiceContent.RootFolder, []string{"VirtualMachine"}, true)
	if err != nil {
		return 0, err
	}
	defer container.Destroy(ctx)
	properties := strings.Split(os.Getenv("VCENTER_PROPERTIES"), ",")
	var machines []mo.VirtualMachine
	if err := container.Retrieve(ctx, []string{"VirtualMachine"}, properties, &machines); err != nil {
		return 0, err
	}
	return len(machines), nil
}
