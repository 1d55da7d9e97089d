using NetPulse.Optimizer.Policies.Addresses;
using NetPulse.Optimizer.Policies.Bits;
using NetPulse.Optimizer.Policies.Ports;

namespace NetPulse.Optimizer.Tests.Policies;

public sealed class AddressTests
{
    [Theory]
    [InlineData("10.1.2.3/8", "10.0.0.0/8")]
    [InlineData("010.0.0.0/8", "10.0.0.0/8")]
    [InlineData("0.0.0.0/0", "0.0.0.0/0")]
    [InlineData("::/0", "::/0")]
    [InlineData("2001:DB8::1/64", "2001:db8::/64")]
    [InlineData("::ffff:10.0.0.0/104", "10.0.0.0/8")]
    public void A_block_is_read_as_the_API_server_reads_it(string text, string meant)
    {
        Assert.True(Cidr.TryParse(text, out var cidr));
        Assert.Equal(meant, cidr.ToString());
    }

    [Theory]
    [InlineData("10.0.0.0")]
    [InlineData("10.0.0/8")]
    [InlineData("10.0.0.256/8")]
    [InlineData("10.0.0.0/33")]
    [InlineData("10.0.0.0/-1")]
    [InlineData("10.0.0.0/ 8")]
    [InlineData("fe80::1%eth0/64")]
    [InlineData("::/129")]
    [InlineData("")]
    public void What_is_no_block_is_refused(string text) => Assert.False(Cidr.TryParse(text, out _));

    [Fact]
    public void Addresses_are_cut_where_blocks_begin_and_end()
    {
        Assert.True(Cidr.TryParse("10.0.0.0/8", out var wide) & Cidr.TryParse("10.0.0.4/30", out var narrow) & Cidr.TryParse("255.0.0.0/8", out var last));
        var next = 2;
        var classes = new AddressClasses(0, 1).Cut([wide, narrow], () => next++, static (_, _) => { }).Cut([last, wide], () => next++, static (_, _) => { });
        Assert.Equal(7, classes.Ranges.Select(static r => r.Class).Distinct().Count());
        Assert.Equal(3, classes.ClassesOf(wide).Size());
        Assert.Equal(1, classes.ClassesOf(last).Size());
        Assert.True(IpValue.TryParse("10.0.0.7", out var inside));
        Assert.Equal(classes.ClassesOf(narrow).Members().Single(), classes.ClassOf(inside));
        Assert.Equal("10.0.0.4", classes.RangeAt(inside).First.ToString());
    }

    [Fact]
    public void Ports_are_cut_where_ranges_begin_and_end()
    {
        var classes = new PortClasses([new PortRange(TransportProtocol.Tcp, 80, 90), new PortRange(TransportProtocol.Tcp, 85, 65535), new PortRange(TransportProtocol.Tcp, 9, 5)]);
        Assert.Equal(6, classes.Count);
        Assert.Equal(new PortRange(TransportProtocol.Tcp, 85, 90), classes.RangeOf(classes.ClassOf(TransportProtocol.Tcp, 88)));
        Assert.Equal(new PortRange(TransportProtocol.Sctp, 0, 65535), classes.RangeOf(classes.ClassOf(TransportProtocol.Sctp, 88)));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(63, 65)]
    [InlineData(64, 64)]
    [InlineData(130, 70)]
    public void Rows_become_columns(int rows, int columns)
    {
        var random = new Random(rows * columns);
        var matrix = Enumerable.Range(0, rows).Select(_ => new BitSet(columns)).ToArray();
        foreach (var row in matrix)
        {
            for (var c = 0; c < columns; c++)
            {
                if (random.Next(3) == 0)
                {
                    row.Add(c);
                }
            }
        }

        var transposed = BitSet.Transpose(matrix, columns);
        for (var r = 0; r < rows; r++)
        {
            for (var c = 0; c < columns; c++)
            {
                Assert.Equal(matrix[r].Contains(c), transposed[c].Contains(r));
            }
        }
    }
}
