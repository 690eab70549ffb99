/// A field of a request: left out, or sent.
package enum Sent<Value: Sendable>: Sendable {
    case nothing
    case value(Value)

    /// The value that was sent, else `present`.
    package func or(_ present: Value) -> Value {
        switch self {
        case .nothing: present
        case .value(let value): value
        }
    }

    /// The value that was sent, if any.
    package var optional: Value? {
        switch self {
        case .nothing: nil
        case .value(let value): value
        }
    }

    /// Whether the request holds the field.
    package var isSent: Bool {
        switch self {
        case .nothing: false
        case .value: true
        }
    }
}
