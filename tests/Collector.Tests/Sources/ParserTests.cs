using System.Text;
using NetPulse.Collector.Sources;
using NetPulse.Collector.Sources.Proc;

namespace NetPulse.Collector.Tests.Sources;

/// <summary>Readers of /proc: captured files, and whatever a file may hold.</summary>
public sealed class ParserTests
{
    private static readonly CounterTable Counters = new(NetstatCounters.Table.Select(row => $"{row.Group} {row.Field}"));
    private static readonly NameValueFile Ipv6Counters = new(NetstatCounters.Ipv6Table.Select(row => row.Field));

    [Fact]
    public void Interfaces_are_read_by_name_with_both_directions() => Assert.Equal(
        [new InterfaceCounters("lo", 21884, 56, 0, 0, 21884, 56, 0, 0), new InterfaceCounters("eth0:1", ulong.MaxValue, 2, 3, 4, 9, 10, 11, 12)],
        Interfaces(Bytes("""
            Inter-|   Receive                                                |  Transmit
             face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
                lo:   21884      56    0    0    0     0          0         0    21884      56    0    0    0     0       0          0
            eth0:1: 18446744073709551615 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 later
            """)));

    [Fact]
    public void Counters_are_read_by_group_and_field_wherever_they_stand()
    {
        var table = new CounterTable(["Tcp MaxConn", "TcpExt ListenDrops", "TcpExt Unknown", "Tcp InSegs"]);
        Span<double> found = [-7, -7, -7, -7];
        table.Read("Tcp: MaxConn InSegs\nTcp: -1 4525\nTcpExt: ListenDrops New\nTcpExt: 7 8\n"u8, found);
        Assert.Equal([-1, 7, -7, 4525], found.ToArray());
        table.Read("TcpExt: New ListenDrops\nTcpExt: 8 9\n"u8, found);
        Assert.Equal([-1, 9, -7, 4525], found.ToArray());
    }

    [Theory]
    [InlineData("Tcp: MaxConn InSegs\nTcp: 1\n")]
    [InlineData("Tcp: InSegs\nUdp: 1\n")]
    [InlineData("Tcp: InSegs\n")]
    [InlineData("Tcp: InSegs\nTcp: many\n")]
    [InlineData("no colon\n")]
    public void A_counter_file_of_another_shape_is_refused(string text) => Assert.Throws<FormatException>(() => Read(Bytes(text)));

    [Theory]
    [InlineData("a\nb\nlo 1 2 3\n")]
    [InlineData("a\nb\nlo: 1 2 3\n")]
    [InlineData("a\nb\nlo: 1 2 3 4 5 6 7 -8 9 10 11 12 13 14 15 16\n")]
    public void An_interface_file_of_another_shape_is_refused(string text) => Assert.Throws<FormatException>(() => Interfaces(Bytes(text)));

    [Fact]
    public void Captured_files_hold_every_counter_of_the_tables()
    {
        var found = new double[NetstatCounters.Table.Count];
        Array.Fill(found, double.NaN);
        Counters.Read(Fixture("proc-net-snmp-netstat"), found);
        Assert.DoesNotContain(double.NaN, found);

        found = new double[NetstatCounters.Ipv6Table.Count];
        Array.Fill(found, double.NaN);
        Ipv6Counters.Read(Fixture("proc-net-snmp6"), found);
        Assert.DoesNotContain(double.NaN, found);
        Assert.Contains(Interfaces(Fixture("proc-net-dev")), each => each.Name == "lo");
    }

    [Fact]
    public void Sockets_are_read_by_group_and_name()
    {
        var found = new List<string>();
        SocketFile.Read(Fixture("proc-net-sockstat"), (group, name, value) => found.Add($"{ByteText.Of(group)} {ByteText.Of(name)} {value}"));
        Assert.Equal(
            ["sockets used 25", "TCP inuse 1", "TCP orphan 0", "TCP tw 1", "TCP alloc 1", "TCP mem 143", "UDP inuse 0", "UDP mem 0", "UDPLITE inuse 0", "RAW inuse 0", "FRAG inuse 0", "FRAG memory 0"],
            found);
    }

    [Fact]
    public void Packet_queues_are_read_a_line_a_CPU_whatever_the_kernel_adds() => Assert.Equal(
        [new SoftnetCounters(0, 0x010dced9, 2, 3, 9, 10, 11), new SoftnetCounters(3, 1, 0, 0, 0, 0, 0xb)],
        SoftnetFile.Read("""
            010dced9 00000002 00000003 00000000 00000000 00000000 00000000 00000000 00000000 00000009 0000000a 0000000b 00000000 00000000 00000000
            00000001 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 0000000b 00000003 00000000 00000000 ff ff ff

            """u8));

    [Fact]
    public void Packet_queues_of_an_old_kernel_are_numbered_by_their_line() => Assert.Equal(
        [new SoftnetCounters(0, 5, 1, 0, 0, 0, null), new SoftnetCounters(1, 6, 0, 2, 0, 0, null)],
        SoftnetFile.Read("00000005 00000001 00000000\n00000006 00000000 00000002\n"u8));

    [Fact]
    public void Statistics_are_summed_over_the_CPUs_but_a_tables_size_is_not()
    {
        var found = StatisticsFile.Read("""
            entries  allocs   table_fulls
            00000010 00000001 00000002
            00000010 0000000f 00000001 00000007
            """u8);
        Assert.Equal((16UL, 16UL, 3UL), (found["entries"], found["allocs"], found["table_fulls"]));
        Assert.Contains("insert_failed", StatisticsFile.Read(Fixture("proc-net-stat-nf_conntrack")).Keys);
    }

    [Theory]
    [InlineData("rx_queue_0_drops", "rx_drops")]
    [InlineData("rx_queue_12_drops", "rx_drops")]
    [InlineData("rx0_drops", "rx_drops")]
    [InlineData("tx-3.errors", "tx.errors")]
    [InlineData("rx_missed_errors", "rx_missed_errors")]
    [InlineData("rx_crc_errors_phy", "rx_crc_errors_phy")]
    [InlineData("bw_in_allowance_exceeded", "bw_in_allowance_exceeded")]
    [InlineData("rx_packets", null)]
    [InlineData("rx_queue_0_bytes", null)]
    public void A_drivers_counter_of_trouble_is_known_by_its_name_without_its_queue(string counter, string? expected) =>
        Assert.Equal(expected, NetworkCards.TroubleOf(counter));

    [Fact]
    public void Whatever_a_file_holds_it_is_read_or_refused()
    {
        var random = new Random(20260101);
        var readers = new (string Fixture, Action<byte[]> Read)[]
        {
            ("proc-net-snmp-netstat", Read),
            ("proc-net-dev", text => Interfaces(text)),
            ("proc-net-snmp6", text => Ipv6Counters.Read(text, new double[NetstatCounters.Ipv6Table.Count])),
            ("proc-net-sockstat", text => SocketFile.Read(text, static (_, _, _) => { })),
            ("proc-net-softnet_stat", text => SoftnetFile.Read(text)),
            ("proc-net-stat-nf_conntrack", text => StatisticsFile.Read(text)),
        };
        for (var i = 0; i < 6_000; i++)
        {
            var damaged = Damage(random, Fixture(readers[i % readers.Length].Fixture));
            foreach (var (_, read) in readers)
            {
                Assert.True(Record.Exception(() => read(damaged)) is null or FormatException, Encoding.Latin1.GetString(damaged));
            }
        }
    }

    private static byte[] Damage(Random random, byte[] seed)
    {
        var text = seed.ToList();
        for (var change = random.Next(1, 8); change > 0 && text.Count > 0; change--)
        {
            var at = random.Next(text.Count);
            switch (random.Next(4))
            {
                case 0:
                    text.RemoveRange(at, Math.Min(random.Next(1, 200), text.Count - at));
                    break;
                case 1:
                    text[at] = (byte)random.Next(256);
                    break;
                case 2:
                    text.Insert(at, (byte)'\n');
                    break;
                default:
                    text.InsertRange(at, " 99999999999999999999999 "u8.ToArray());
                    break;
            }
        }

        return [.. text];
    }

    private static void Read(byte[] text) => Counters.Read(text, new double[NetstatCounters.Table.Count]);

    private static List<InterfaceCounters> Interfaces(byte[] text)
    {
        var found = new List<InterfaceCounters>();
        InterfaceFile.Read(text, (in each) => found.Add(each));
        return found;
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static byte[] Fixture(string name) => File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Fixtures", name));
}
