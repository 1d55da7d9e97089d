using System.Net;
using NetPulse.Collector.Attribution;
using NetPulse.Collector.Kernel;
using NetPulse.Kubernetes.Objects;
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
        Assert.Equal(new WorkloadIdentity("", expected, ""), new PeerAddresses([], AddressGroups.None).Of(MappedAddress.From(IPAddress.Parse(address))));

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

/// <summary>Addresses over time, and names for what lies outside.</summary>
public sealed class AddressWindowsTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly MappedAddress Address = MappedAddress.From(IPAddress.Parse("10.244.0.5"));
    private static readonly WorkloadIdentity First = new("shop", "web", "web-0");
    private static readonly WorkloadIdentity Second = new("shop", "job", "job-1");

    [Fact]
    public void An_address_is_its_last_owners_until_another_pod_has_it()
    {
        var windows = new AddressWindows();
        Assert.True(windows.Update([new(Address, First)], Start));
        Assert.False(windows.Update([new(Address, First)], Start.AddSeconds(30)));
        windows.Update([], Start.AddSeconds(60));
        var between = new PeerAddresses(windows.All, AddressGroups.None);
        Assert.Equal(First, between.Of(Address));

        windows.Update([new(Address, Second)], Start.AddSeconds(90));
        var after = new PeerAddresses(windows.All, AddressGroups.None);
        Assert.Equal(Second, after.Of(Address));
    }

    [Fact]
    public void Who_had_an_address_is_forgotten_after_five_minutes_or_when_the_clock_was_set_back_by_more()
    {
        foreach (var later in new[] { Start.AddMinutes(7), Start.AddHours(-1) })
        {
            var windows = new AddressWindows();
            windows.Update([new(Address, First)], Start);
            windows.Update([], Start.AddMinutes(1));
            Assert.False(windows.HasExpired(Start.AddMinutes(5)));
            Assert.True(windows.HasExpired(later));
            windows.Update([], later);
            Assert.Equal(WorkloadIdentity.Private, new PeerAddresses(windows.All, AddressGroups.None).Of(Address));
        }
    }

    [Theory]
    [InlineData("203.0.113.9", "payments")]
    [InlineData("203.0.113.200", "fraud")]
    [InlineData("2001:db8:1::7", "mirror")]
    [InlineData("10.1.2.3", "datacentre")]
    [InlineData("203.0.114.1", "public")]
    [InlineData("10.2.0.1", "private")]
    public void The_narrowest_block_that_holds_an_address_names_it(string address, string expected)
    {
        var groups = new AddressGroups(
        [
            new OutsideBlock { Cidr = "203.0.113.0/24", Name = "payments" },
            new OutsideBlock { Cidr = "203.0.113.128/25", Name = "fraud" },
            new OutsideBlock { Cidr = "2001:db8:1::/48", Name = "mirror" },
            new OutsideBlock { Cidr = "10.1.0.0/16", Name = "datacentre" },
        ]);
        Assert.Equal(expected, new PeerAddresses([], groups).Of(MappedAddress.From(IPAddress.Parse(address))).Workload);
    }

    [Theory]
    [InlineData("203.0.113.0/24", true)]
    [InlineData("203.0.113.1/24", false)]
    [InlineData("203.0.113.0", false)]
    [InlineData("203.0.113.0/33", false)]
    [InlineData("nonsense", false)]
    public void A_block_is_checked_before_the_start(string cidr, bool isValid) => Assert.Equal(isValid, new CidrAttribute().IsValid(cidr));

    [Fact]
    public void Pods_services_and_nodes_have_their_addresses_but_not_pods_that_ended_or_use_the_nodes()
    {
        static Pod PodOf(string name, string address, string phase = "Running", bool isHost = false) => new()
        {
            Metadata = new ObjectMeta { Name = name, Namespace = "shop" },
            Spec = new PodSpec { HostNetwork = isHost },
            Status = new PodStatus { PodIP = address, Phase = phase },
        };
        Assert.Equal("web", Assert.Single(new[] { PodOf("web", "10.244.0.5"), PodOf("done", "10.244.0.6", PodStatus.Succeeded), PodOf("agent", "10.0.0.1", isHost: true), PodOf("new", "") }.Select(AddressOwner.Of), each => each.Addresses.Length > 0).Owner.Pod);
        var service = new Service { Metadata = new ObjectMeta { Name = "web", Namespace = "shop" }, Spec = new ServiceSpec { ClusterIP = "10.96.0.10", ClusterIPs = ["10.96.0.10", "fd00::10"], ExternalIPs = ["203.0.113.5"] } };
        var headless = new Service { Metadata = new ObjectMeta { Name = "none", Namespace = "shop" }, Spec = new ServiceSpec { ClusterIP = "None" } };
        Assert.Equal(3, AddressOwner.Of(service).Addresses.Length);
        Assert.Empty(AddressOwner.Of(headless).Addresses);
        var node = new Node { Metadata = new ObjectMeta { Name = "n2" }, Status = new NodeStatus { Addresses = [new NodeAddress { Type = "InternalIP", Address = "10.0.0.2" }, new NodeAddress { Type = "Hostname", Address = "n2" }] } };
        Assert.Equal("Node", AddressOwner.Of(node).Owner.Kind);
        Assert.Single(AddressOwner.Of(node).Addresses);
    }
}
