import NIOCore

/// How long a client is waited for: while nothing of it arrives, and until a body that has begun is whole.
struct ClientPatience {
    private let limit: TimeAmount
    private var lastSign = NIODeadline.now()
    private var bodyBegan: NIODeadline?

    init(limit: TimeAmount) {
        self.limit = limit
    }

    /// When it is over.
    var deadline: NIODeadline { min(lastSign, bodyBegan ?? lastSign) + limit }

    /// Begins anew, but for a body.
    mutating func renew() {
        lastSign = .now()
    }

    mutating func bodyBegins() {
        if bodyBegan == nil { bodyBegan = .now() }
    }

    mutating func bodyEnds() {
        bodyBegan = nil
    }
}
