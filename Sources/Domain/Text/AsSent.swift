/// A property whose texts are kept as they were sent: another spelling of the same characters is a change.
@propertyWrapper
package struct AsSent<Value: ByteComparable>: Sendable, Equatable {
    package var wrappedValue: Value

    /// A property of this value.
    package init(wrappedValue: Value) {
        self.wrappedValue = wrappedValue
    }

    package static func == (left: AsSent, right: AsSent) -> Bool {
        left.wrappedValue.hasSameBytes(as: right.wrappedValue)
    }
}
