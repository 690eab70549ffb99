import NIOCore

/// How long a client is waited for: while nothing of it arrives, and until a header or a body that has begun is whole.
struct ClientPatience {
    private let limit: TimeAmount
    private let headerLimit: TimeAmount
    private var lastSign = NIODeadline.now()
    private var headerBegan: NIODeadline?
    private var bodyBegan: NIODeadline?

    /// - Parameters:
    ///   - limit: for the next sign of the client, and for a whole body.
    ///   - headerLimit: for a whole header.
    init(limit: TimeAmount, headerLimit: TimeAmount) {
        self.limit = limit
        self.headerLimit = headerLimit
    }

    /// When it is over.
    var deadline: NIODeadline {
        let deadline = min(lastSign, bodyBegan ?? lastSign) + limit
        return headerBegan.map { min($0 + headerLimit, deadline) } ?? deadline
    }

    /// Begins anew, but for a header or a body.
    mutating func renew() {
        lastSign = .now()
    }

    /// The client begins to ask: how long it was silent before does not count.
    mutating func headerBegins() {
        guard headerBegan == nil else { return }
        renew()
        headerBegan = lastSign
    }

    mutating func headerEnds() {
        headerBegan = nil
    }

    mutating func bodyBegins() {
        if bodyBegan == nil { bodyBegan = .now() }
    }

    mutating func bodyEnds() {
        bodyBegan = nil
    }
}
