import Domain
import Foundation

/// Any bytes as a JSON text: what is read is written as a text that reads as the same value, and Foundation agrees on
/// what is JSON at all.
func fuzz(_ bytes: [UInt8]) {
    let bytes = swollen(bytes)
    let value = inLinearTime(bytes.count, "reading JSON") { () -> JSONValue? in
        do throws(JSONError) {
            return try JSONValue.parse(bytes)
        } catch {
            require((0...bytes.count).contains(error.offset), "the fault lies outside: \(error.offset)")
            require(isPlainLine(error.description), "the error is not one plain line")
            return nil
        }
    }
    let isJSON = bytes.count <= longestInput ? accepts(bytes) : nil
    guard let value else {
        let isAllowed = (try? JSONValue.parse(bytes, maximumDepth: 512)) != nil
        return require(isAllowed || isJSON != true, "Foundation reads what is refused here")
    }
    require(isJSON != false, "Foundation refuses what is read here")
    let written = inLinearTime(bytes.count, "writing JSON") { value.serializedBytes() }
    let again = try? JSONValue.parse(written, duplicateKeys: .refused)
    require(inLinearTime(bytes.count, "comparing JSON") { again == value }, "the value does not come back")
    require(again?.serializedBytes() == written, "the same value is written in two ways")
    if let strict = try? JSONValue.parse(bytes, duplicateKeys: .refused) {
        require(strict == value, "refusing double keys reads another value")
    }
}

/// What Foundation says; nil where it is known to judge otherwise: other encodings, numbers that it cannot hold, texts
/// that it mends, and more depth than it allows or we do.
private func accepts(_ bytes: [UInt8]) -> Bool? {
    guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0), !text.hasPrefix("\u{FEFF}"),
        !hasLongNumbers(bytes), !hasSurrogates(bytes), !hasCommaAtEnd(bytes),
        bytes.count(where: { $0 == 0x5B || $0 == 0x7B }) <= 500
    else { return nil }
    return (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) != nil
}

private func hasLongNumbers(_ bytes: [UInt8]) -> Bool {
    zip(bytes, bytes.dropFirst()).contains { (0x30...0x39).contains($0) && $1 | 0x20 == UInt8(ascii: "e") }
        || bytes.split { !(0x30...0x39).contains($0) }.contains { $0.count > 16 }
}

private func hasCommaAtEnd(_ bytes: [UInt8]) -> Bool {
    let signs = bytes.filter { $0 > 0x20 }
    return zip(signs, signs.dropFirst()).contains { $0 == UInt8(ascii: ",") && ($1 == 0x5D || $1 == 0x7D) }
}

private func hasSurrogates(_ bytes: [UInt8]) -> Bool {
    zip(bytes, bytes.dropFirst()).contains { $0 == UInt8(ascii: "\\") && $1 == UInt8(ascii: "u") }
}
