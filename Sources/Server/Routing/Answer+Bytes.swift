import Foundation
import HTTPTypes
import NIOCore

extension Answer {
    /// The answer as HTTP/1.1 writes it; one to `HEAD` tells the length of the body that it leaves out.
    ///
    /// - Parameter isLast: whether the connection ends with it.
    func bytes(isHead: Bool = false, isLast: Bool = false, allocator: ByteBufferAllocator) -> ByteBuffer {
        var buffer = allocator.buffer(capacity: 512 + (isHead ? 0 : body.count))
        buffer.writeStaticString("HTTP/1.1 ")
        buffer.writeString(status.code == 200 ? "200 OK" : "\(status.code) \(status.reasonPhrase)")
        buffer.writeStaticString("\r\nX-Content-Type-Options: nosniff\r\nDate: ")
        buffer.writeString(HTTPDate.text(at: Date()))
        if variesByOrigin { buffer.writeStaticString("\r\nVary: Origin") }
        if let mediaType { buffer.writeField("Content-Type", mediaType) }
        if let requestID { buffer.writeField("X-Request-ID", requestID) }
        for field in headers {
            buffer.writeStaticString("\r\n")
            buffer.writeString(field.name.rawName)
            buffer.writeStaticString(": ")
            buffer.writeString(field.value)
        }
        if stream != nil {
            // Where nothing marks the end of a piece, the end of the connection marks that of the body.
            if !isLast { buffer.writeField("Transfer-Encoding", "chunked") }
        } else if status != .noContent {
            buffer.writeField("Content-Length", String(body.count))
        }
        if isLast { buffer.writeField("Connection", "close") }
        buffer.writeStaticString("\r\n\r\n")
        if !isHead { buffer.writeBytes(body) }
        return buffer
    }
}

extension ByteBuffer {
    fileprivate mutating func writeField(_ name: StaticString, _ value: String) {
        writeStaticString("\r\n")
        writeStaticString(name)
        writeStaticString(": ")
        writeString(value)
    }
}
