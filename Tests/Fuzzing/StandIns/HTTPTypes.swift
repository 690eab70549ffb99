/// The part of the package of this name that the route table needs: what is fuzzed is built without any package.
public struct HTTPRequest: Sendable {
    public struct Method: Hashable, Sendable {
        public let rawValue: String

        public static let get = Method(rawValue: "GET")
        public static let head = Method(rawValue: "HEAD")
        public static let post = Method(rawValue: "POST")
        public static let options = Method(rawValue: "OPTIONS")
        public static let delete = Method(rawValue: "DELETE")
    }
}
