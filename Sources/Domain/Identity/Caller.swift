/// Whoever asks for something, and from where: what rights are checked against, and whom the audit log names.
package struct Caller: Sendable, Equatable {
    package let principal: Principal
    /// The address that the request came from; nil at the console.
    package let address: String?
    /// The id under which the request is logged; nil at the console.
    package let requestID: String?

    /// Somebody who asks from this address.
    package init(_ principal: Principal, address: String? = nil, requestID: String? = nil) {
        self.principal = principal
        self.address = address
        self.requestID = requestID
    }

    /// The same request, once it is known who makes it.
    package func known(as user: User) -> Caller {
        Caller(.user(user), address: address, requestID: requestID)
    }

    /// The same request, by a task's secret if by nobody known.
    package var knownByWebhook: Caller {
        principal == .anonymous ? Caller(.webhook, address: address, requestID: requestID) : self
    }

    /// A person who asks.
    package init(_ user: User) {
        self.init(.user(user))
    }
}
