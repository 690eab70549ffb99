import Domain

/// An answer that holds a sentence for people.
package struct RemoteMessage: Sendable {
    /// One sentence.
    package let text: String
    /// All that was told.
    package let json: JSONValue
}
