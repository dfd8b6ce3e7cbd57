"""Reads properties of every virtual machine of a vCenter, as a program with pyvmomi does, and prints how many there are."""

import os
import ssl
from urllib.parse import urlsplit

from pyVim.connect import Disconnect, SmartConnect
from pyVmomi import vim, vmodl

PROPERTIES = os.environ["VCENTER_PROPERTIES"].split(",")


def main() -> None:
    address = urlsplit(os.environ["VCENTER_URL"])
    service = SmartConnect(
        host=address.hostname,
        port=address.port,
        user=os.environ["VCENTER_USERNAME"],
        pwd=os.environ["VCENTER_PASSWORD"],
        sslContext=ssl.create_default_context(cafile=os.environ["VCENTER_CA_FILE"]),
    )
    try:
        content = service.RetrieveContent()
        view = content.viewManager.CreateContainerView(content.rootFolder, [vim.VirtualMachine], True)
        query = vmodl.query.PropertyCollector
        specification = query.FilterSpec(
            objectSet=[
                query.ObjectSpec(
                    obj=view,
                    skip=True,
                    selectSet=[query.TraversalSpec(name="view", type=vim.view.ContainerView, path="view", skip=False)],
                )
            ],
            propSet=[query.PropertySpec(type=vim.VirtualMachine, pathSet=PROPERTIES)],
        )
        collector = content.propertyCollector
        result = collector.RetrievePropertiesEx([specification], query.RetrieveOptions())
        count = len(result.objects)
        while result.token:
            result = collector.ContinueRetrievePropertiesEx(result.token)
            count += len(result.objects)
        view.Destroy()
        print(count)
    finally:
        Disconnect(service)


main()
