import Domain

/// The id under which a request is logged and its problem answered: the caller's own where it is sound.
enum RequestIDs {
    static func id(for fields: RequestFields) -> String {
        if let sent = fields.requestID, isSound(sent) { return sent }
        return new()
    }

    static func new() -> String { Identifier<Call>().description }

    private static func isSound(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}
