using System.Net;
using NetPulse.Collector.Attribution;
using NetPulse.Collector.Kernel;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Collector.Tests.Attribution;

public sealed class PeerAddressesTests
{
    [Theory]
    [InlineData("127.3.4.5", "loopback")]
    [InlineData("169.254.1.1", "loopback")]
    [InlineData("::1", "loopback")]
    [InlineData("fe80::1", "loopback")]
    [InlineData("10.255.0.1", "private")]
    [InlineData("172.16.0.1", "private")]
    [InlineData("172.31.255.255", "private")]
    [InlineData("192.168.0.1", "private")]
    [InlineData("fd12::1", "private")]
    [InlineData("172.32.0.1", "public")]
    [InlineData("192.169.0.1", "public")]
    [InlineData("8.8.8.8", "public")]
    [InlineData("2001:db8::1", "public")]
    [InlineData("fec0::1", "public")]
    [InlineData("::", "public")]
    public void An_address_that_nobody_has_is_told_by_its_range(string address, string expected) =>
        Assert.Equal(new WorkloadIdentity("", expected, ""), new PeerAddresses([]).Of(MappedAddress.From(IPAddress.Parse(address))));

    [Fact]
    public void A_known_address_is_its_owner_and_the_first_to_name_it_wins()
    {
        var pod = new WorkloadIdentity("shop", "archive", "archive-0");
        var address = MappedAddress.From(IPAddress.Parse("10.0.0.7"));
        var peers = new PeerAddresses([new(address, pod), new(address, WorkloadIdentity.Host)]);
        Assert.Equal(pod, peers.Of(MappedAddress.From(IPAddress.Parse("::ffff:10.0.0.7"))));
    }

    [Theory]
    [InlineData("10.0.0.7")]
    [InlineData("2001:db8::7")]
    public void An_address_is_written_as_it_was_read(string address) => Assert.Equal(address, MappedAddress.From(IPAddress.Parse(address)).ToString());
}
