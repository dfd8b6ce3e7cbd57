/**
 * What vmunit uses of a `Client` of the package node-vsphere-soap, 0.0.2-5.
 *
 * Written down here so that the package is needed neither at run time nor for its types: it has none.
 */
export interface NodeVsphereSoapClient {
  /** `disconnected`, `connecting` or `ready`. */
  readonly status: string
  readonly connectionInfo: {
    readonly host: string
    readonly user: string
    readonly password: string
    readonly sslVerify: boolean
  }
  /** The SOAP client inside, there once the WSDL is loaded. */
  readonly client?: unknown
  /** The cookie of the session, there once the login is done. A renewed session is written into it. */
  readonly authCookie?: { cookies: string } | undefined
  /** The reference to the session manager, there once the client has connected. */
  readonly sessionManager?: unknown
  on(event: string, listener: (...values: readonly unknown[]) => void): unknown
  removeListener(event: string, listener: (...values: readonly unknown[]) => void): unknown
}

/** How the second transport treats the client that it is given. */
export interface NodeVsphereSoapOptions {
  /**
   * The CA that signed the certificate of vCenter, PEM, for the requests of vmunit.
   *
   * The client itself connects by the certificates that Node trusts: set `NODE_EXTRA_CA_CERTS`, or call
   * `tls.setDefaultCACertificates` before the client is made; then this option is not needed.
   *
   * @defaultValue the certificates that Node trusts
   */
  readonly ca?: string | undefined
  /**
   * Accepts a client that was made without `sslVerify`: anybody on the way can then read the password and change
   * what is said, and the package has switched verification off for every TLS connection of the process.
   *
   * @defaultValue false
   */
  readonly insecureAcceptAnyCertificate?: boolean | undefined
}
