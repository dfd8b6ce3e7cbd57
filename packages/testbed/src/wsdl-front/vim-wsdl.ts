const VIM = 'urn:vim25'

/**
 * Writes a WSDL of vim25 with the given operations, document/literal.
 *
 * Contents are declared as "anything", so that a client passes bodies and answers on without knowing their types.
 */
export function vimWsdl(address: string, operations: readonly string[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<definitions targetNamespace="${VIM}" xmlns="http://schemas.xmlsoap.org/wsdl/"
    xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:vim25="${VIM}">
  <types>
    <schema targetNamespace="${VIM}" elementFormDefault="qualified" xmlns="http://www.w3.org/2001/XMLSchema"
        xmlns:vim25="${VIM}">
${each(operations, (name) => anything(name) + anything(`${name}Response`))}    </schema>
  </types>
${each(operations, messages)}  <portType name="VimPortType">
${each(operations, (name) => portOperation(name))}  </portType>
  <binding name="VimBinding" type="vim25:VimPortType">
    <soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
${each(operations, bindingOperation)}  </binding>
  <service name="VimService">
    <port binding="vim25:VimBinding" name="VimPort"><soap:address location="${address}"/></port>
  </service>
</definitions>
`
}

function each(operations: readonly string[], write: (operation: string) => string): string {
  return operations.map((operation) => write(operation)).join('')
}

function anything(element: string): string {
  return `      <element name="${element}"><complexType><sequence>
        <any minOccurs="0" maxOccurs="unbounded" processContents="skip"/>
      </sequence></complexType></element>\n`
}

function messages(operation: string): string {
  return `  <message name="${operation}RequestMsg"><part name="parameters" element="vim25:${operation}"/></message>
  <message name="${operation}ResponseMsg"><part name="parameters" element="vim25:${operation}Response"/></message>\n`
}

function portOperation(operation: string): string {
  return `    <operation name="${operation}">
      <input message="vim25:${operation}RequestMsg"/><output message="vim25:${operation}ResponseMsg"/>
    </operation>\n`
}

function bindingOperation(operation: string): string {
  return `    <operation name="${operation}"><soap:operation soapAction="${VIM}" style="document"/>
      <input><soap:body use="literal"/></input><output><soap:body use="literal"/></output>
    </operation>\n`
}
