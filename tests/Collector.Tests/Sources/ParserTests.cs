using System.Text;
using NetPulse.Collector.Sources;

namespace NetPulse.Collector.Tests.Sources;

/// <summary>Readers of /proc: captured files, and whatever a file may hold.</summary>
public sealed class ParserTests
{
    [Fact]
    public void Interfaces_are_read_by_name_with_both_directions()
    {
        const string Text = """
            Inter-|   Receive                                                |  Transmit
             face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
                lo:   21884      56    0    0    0     0          0         0    21884      56    0    0    0     0       0          0
            eth0:1: 18446744073709551615 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16
            """;
        Assert.Equal(
            [new InterfaceCounters("lo", 21884, 56, 0, 0, 21884, 56, 0, 0), new InterfaceCounters("eth0:1", ulong.MaxValue, 2, 3, 4, 9, 10, 11, 12)],
            InterfaceFile.Parse(Text));
    }

    [Fact]
    public void Counters_are_read_by_group_and_field()
    {
        var found = new Dictionary<string, long>(StringComparer.Ordinal);
        CounterFile.Parse("Tcp: MaxConn InSegs\nTcp: -1 4525\nTcpExt: ListenDrops\nTcpExt: 7\n", (group, field, value) => found.Add($"{group}.{field}", value));
        Assert.Equal(new Dictionary<string, long>(StringComparer.Ordinal) { ["Tcp.MaxConn"] = -1, ["Tcp.InSegs"] = 4525, ["TcpExt.ListenDrops"] = 7 }, found);
    }

    [Theory]
    [InlineData("Tcp: MaxConn InSegs\nTcp: 1\n")]
    [InlineData("Tcp: MaxConn\nUdp: 1\n")]
    [InlineData("Tcp: MaxConn\n")]
    [InlineData("Tcp: MaxConn\nTcp: many\n")]
    [InlineData("no colon\n")]
    public void A_counter_file_of_another_shape_is_refused(string text) =>
        Assert.Throws<FormatException>(() => CounterFile.Parse(text, static (_, _, _) => { }));

    [Theory]
    [InlineData("a\nb\nlo 1 2 3\n")]
    [InlineData("a\nb\nlo: 1 2 3\n")]
    [InlineData("a\nb\nlo: 1 2 3 4 5 6 7 -8 9 10 11 12 13 14 15 16\n")]
    public void An_interface_file_of_another_shape_is_refused(string text) =>
        Assert.Throws<FormatException>(() => InterfaceFile.Parse(text));

    [Fact]
    public void Captured_files_hold_every_counter_of_the_table()
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        CounterFile.Parse(Fixture("proc-net-snmp-netstat"), (group, field, _) => found.Add($"{group} {field}"));
        Assert.Empty(NetstatCounters.Table.Select(row => $"{row.Group} {row.Field}").Except(found, StringComparer.Ordinal));
        Assert.Contains(InterfaceFile.Parse(Fixture("proc-net-dev")), each => each.Name == "lo");
    }

    [Fact]
    public void Whatever_a_file_holds_it_is_read_or_refused()
    {
        var random = new Random(20260101);
        var seeds = new[] { Fixture("proc-net-snmp-netstat"), Fixture("proc-net-dev") };
        for (var i = 0; i < 2_000; i++)
        {
            var text = new StringBuilder(seeds[i % 2]);
            for (var change = random.Next(1, 8); change > 0; change--)
            {
                var at = random.Next(text.Length);
                _ = random.Next(4) switch
                {
                    0 => text.Remove(at, Math.Min(random.Next(1, 200), text.Length - at)),
                    1 => text.Insert(at, (char)random.Next(1, 300)),
                    2 => text.Insert(at, "\n"),
                    _ => text.Insert(at, " 99999999999999999999999 "),
                };
                if (text.Length == 0)
                {
                    break;
                }
            }

            var damaged = text.ToString();
            Assert.True(IsReadOrRefused(() => CounterFile.Parse(damaged, static (_, _, _) => { })), damaged);
            Assert.True(IsReadOrRefused(() => InterfaceFile.Parse(damaged)), damaged);
        }
    }

    private static bool IsReadOrRefused(Action parse) => Record.Exception(parse) is null or FormatException;

    private static string Fixture(string name) => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Fixtures", name));
}
