using IronSnappy;
using NetPulse.Telemetry.Store.Wire;

namespace NetPulse.Telemetry.Tests.Store.Wire;

public sealed class SnappyBlockTests
{
    [Fact]
    public void What_another_implementation_compressed_comes_back()
    {
        var random = new Random(21);
        for (var round = 0; round < 500; round++)
        {
            // from all alike to all different: every kind of literal, copy and overlapping copy
            var kinds = random.Next(1, 256);
            var content = new byte[random.Next(0, 4) switch { 0 => random.Next(20), 3 => random.Next(200_000), _ => random.Next(3000) }];
            for (var i = 0; i < content.Length; i++)
            {
                content[i] = i > 70 && random.Next(3) > 0 ? content[i - random.Next(1, 70)] : (byte)random.Next(kinds);
            }

            Assert.True(content.AsSpan().SequenceEqual(Decompress(Snappy.Encode(content))));
        }
    }

    [Fact]
    public void Every_kind_of_element_is_read_as_the_format_says()
    {
        // 3 literals, a copy of 1-byte offset, of 2-byte offset, of 4-byte offset, a literal with its length in a byte of its own
        byte[] block = [20, 0x08, 1, 2, 3, 0x01, 3, 0x0e, 2, 0, 0x07, 1, 0, 0, 0, 0xf0, 6, 9, 8, 7, 6, 5, 4, 3];
        Assert.Equal<byte>([1, 2, 3, 1, 2, 3, 1, 3, 1, 3, 1, 1, 1, 9, 8, 7, 6, 5, 4, 3], Decompress(block));
    }

    [Theory]
    [InlineData(new byte[] { 4, 0x01, 1 })] // a copy before anything was written
    [InlineData(new byte[] { 4, 0x00, 1, 0x01, 0 })] // from nowhere
    [InlineData(new byte[] { 2, 0x0c, 1, 2, 3, 4 })] // more than announced
    [InlineData(new byte[] { 9, 0x0c, 1, 2, 3, 4 })] // less than announced
    [InlineData(new byte[] { 9, 0x0c, 1, 2 })] // ends in a literal
    [InlineData(new byte[] { 9, 0xfc, 255, 255, 255, 255 })] // a literal of 4 GiB
    [InlineData(new byte[] { 9, 0x00, 1, 0x03, 1, 0 })] // ends in an offset
    public void What_is_no_block_is_refused(byte[] block) => Assert.Throws<FormatException>(() => Decompress(block));

    private static byte[] Decompress(byte[] block)
    {
        var length = (int)SnappyBlock.AnnouncedBytes(block);
        var output = new byte[length + SnappyBlock.Slack];
        SnappyBlock.Decompress(block, output);
        return output[..length];
    }
}
