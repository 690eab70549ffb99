import Domain
import Testing

@Suite struct EgressGuardTests {
    @Test(arguments: [
        "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "100.127.255.255",
        "127.0.0.1", "127.255.255.254", "169.254.0.1", "169.254.169.254", "169.254.170.2", "172.16.0.1",
        "172.31.255.255", "192.0.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1",
        "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
        "168.63.129.16",
        "::", "::1", "::127.0.0.1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::10.0.0.1",
        "64:ff9b:1::1", "100::1", "2001::1", "2001:0:7f00:1::1", "2001:2::1", "2001:10::1", "2001:20::1", "2001:db8::1",
        "2002:7f00:1::1", "2002:808:808::1", "3fff::1", "4000::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1",
        "fec0::1", "ff02::1",
    ])
    func `what is not the internet is refused`(address: String) throws {
        #expect(!EgressGuard().admits(try #require(IPAddress(address))))
    }

    @Test(arguments: [
        "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.1", "100.63.255.255", "100.128.0.1", "126.255.255.255",
        "128.0.0.1", "169.253.255.255", "169.255.0.1", "172.15.255.255", "172.32.0.1", "192.0.1.1", "192.167.255.255",
        "192.169.0.1", "198.17.255.255", "198.20.0.1", "203.0.112.1", "223.255.255.255", "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8", "2001:200::1", "2001:4860:4860::8888", "2003::1", "2606:4700::1111", "3ffe::1",
    ])
    func `the internet is let through`(address: String) throws {
        #expect(EgressGuard().admits(try #require(IPAddress(address))))
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.1.2.3", true), ("10.0.0.0/8", "::ffff:10.1.2.3", true),
        ("10.0.0.0/8", "64:ff9b::10.1.2.3", true), ("10.0.0.0/8", "172.16.0.1", false),
        ("10.0.0.5", "10.0.0.5", true), ("10.0.0.5", "10.0.0.6", false), ("127.0.0.0/8", "::1", false),
        ("::1", "::1", true), ("::1", "127.0.0.1", false), ("fd00::/8", "fd12::1", true),
        ("fd00::/8", "fe80::1", false),
        ("0.0.0.0/0", "127.0.0.1", true), ("0.0.0.0/0", "::1", false), ("::/0", "::1", true),
        ("::/0", "127.0.0.1", false), ("::/0", "64:ff9b::7f00:1", false),
    ])
    func `what is allowed is let through, and nothing beside it`(range: String, address: String, isAdmitted: Bool)
        throws
    {
        let egress = EgressGuard(allowing: [try #require(IPRange(range))])
        #expect(egress.admits(try #require(IPAddress(address))) == isAdmitted)
        #expect(EgressGuard.open.admits(try #require(IPAddress(address))))
    }

    @Test(arguments: [
        ("http://127.1/", true), ("http://2130706433/", true), ("https://0x7f.1:8443/x", true), ("http://[::1]/", true),
        ("http://[::ffff:169.254.169.254]/", true), ("http://0/", true), ("http://localhost/", false),
        ("https://example.org/", false), ("http://8.8.8.8/", false),
    ])
    func `a URL is refused for its number, not for its name`(text: String, isRefused: Bool) throws {
        #expect(EgressGuard().refuses(try OutboundURL(text)) == isRefused)
    }
}
