import Foundation

/// An answer, as it came over the wire.
package struct HTTPResponse: Sendable, CustomStringConvertible {
    package let status: Int
    package let headers: [(name: String, value: String)]
    package let body: [UInt8]

    /// An answer of these parts.
    package init(status: Int, headers: [(name: String, value: String)], body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    package var text: String { String(decoding: body, as: UTF8.self) }

    package var json: JSON {
        get throws { try JSON(parsing: body) }
    }

    package var description: String { "\(status) \(text.prefix(2_000))" }

    package func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// Reads answers off a connection's bytes, strictly: what it cannot explain is an error.
package struct HTTPParser {
    package struct Malformed: Error, CustomStringConvertible {
        package let description: String
    }

    /// Whether the request was a HEAD, whose answer tells the length of a body that does not come.
    package let isHead: Bool
    package private(set) var bytes: [UInt8] = []

    package init(isHead: Bool) { self.isHead = isHead }

    package mutating func append(_ more: some Sequence<UInt8>) { bytes += more }

    /// The first complete answer, which is taken off the front, or nil while bytes are missing.
    package mutating func next(isClosed: Bool) throws -> HTTPResponse? {
        let separator: [UInt8] = [13, 10, 13, 10]
        guard let end = bytes.firstRange(of: separator) else {
            if isClosed, !bytes.isEmpty { throw Malformed(description: "The head is cut short") }
            return nil
        }
        var lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        let words = lines.removeFirst().split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0] == "HTTP/1.1" || words[0] == "HTTP/1.0", let status = Int(words[1]) else {
            throw Malformed(description: "Not a status line")
        }
        let headers = try lines.map { line in
            guard let colon = line.firstIndex(of: ":") else { throw Malformed(description: "Not a header: \(line)") }
            return (
                name: String(line[..<colon]),
                value: line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            )
        }
        if status == 100 {
            bytes.removeSubrange(..<end.upperBound)
            return try next(isClosed: isClosed)
        }
        let response = HTTPResponse(status: status, headers: headers, body: [])
        guard let (body, used) = try body(after: end.upperBound, of: response, isClosed: isClosed) else {
            if isClosed { throw Malformed(description: "The body is cut short") }
            return nil
        }
        bytes.removeSubrange(..<used)
        return HTTPResponse(status: status, headers: headers, body: body)
    }

    private func body(after start: Int, of head: HTTPResponse, isClosed: Bool) throws -> ([UInt8], Int)? {
        if isHead || head.status == 204 || head.status == 304 { return ([], start) }
        if head.header("Transfer-Encoding")?.lowercased() == "chunked" { return try chunks(from: start) }
        if let length = head.header("Content-Length") {
            guard let length = Int(length) else { throw Malformed(description: "Not a length: \(length)") }
            return bytes.count - start >= length ? (Array(bytes[start..<start + length]), start + length) : nil
        }
        return isClosed ? (Array(bytes[start...]), bytes.count) : nil
    }

    private func chunks(from start: Int) throws -> ([UInt8], Int)? {
        var body: [UInt8] = []
        var position = start
        while let line = bytes[position...].firstRange(of: [13, 10]) {
            let text = String(decoding: bytes[position..<line.lowerBound], as: UTF8.self)
            guard let size = Int(text, radix: 16) else { throw Malformed(description: "Not a chunk: \(text)") }
            let end = line.upperBound + size + 2
            guard bytes.count >= end else { return nil }
            guard size > 0 else { return (body, end) }
            body += bytes[line.upperBound..<line.upperBound + size]
            position = end
        }
        return nil
    }
}
