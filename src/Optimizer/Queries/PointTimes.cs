using System.Buffers.Text;

namespace NetPulse.Optimizer.Queries;

/// <summary>The times of points as an answer has them, in seconds behind an opening bracket; made once for all series that share them.</summary>
internal sealed class PointTimes
{
    /// <summary>A bracket, a sign, the seconds of the last date that there is, a point and three decimals.</summary>
    public const int LongestTime = 20;

    private ReadOnlyMemory<long> of;
    private byte[] text = [];
    private int[] ends = [];

    public ReadOnlySpan<byte> this[int index] => text.AsSpan((index == 0 ? 0 : ends[index - 1])..ends[index]);

    public void Set(ReadOnlyMemory<long> unixMilliseconds)
    {
        if (unixMilliseconds.Equals(of))
        {
            return;
        }

        of = unixMilliseconds;
        if (ends.Length < unixMilliseconds.Length)
        {
            ends = new int[unixMilliseconds.Length];
            text = new byte[unixMilliseconds.Length * LongestTime];
        }

        var at = 0;
        for (var i = 0; i < unixMilliseconds.Length; i++)
        {
            at += Format(unixMilliseconds.Span[i], text.AsSpan(at));
            ends[i] = at;
        }
    }

    public static byte[] Of(long unixMilliseconds)
    {
        var time = new byte[LongestTime];
        return time[..Format(unixMilliseconds, time)];
    }

    private static int Format(long unixMilliseconds, Span<byte> target)
    {
        var length = 0;
        target[length++] = (byte)'[';
        var (seconds, fraction) = Math.DivRem(unixMilliseconds, 1000);
        if (unixMilliseconds < 0)
        {
            // before 1970 the fraction counts from the earlier second, as a decimal does not
            target[length++] = (byte)'-';
            (seconds, fraction) = (-seconds, -fraction);
        }

        Utf8Formatter.TryFormat(seconds, target[length..], out var written);
        length += written;
        if (fraction != 0)
        {
            target[length++] = (byte)'.';
            target[length++] = (byte)('0' + (fraction / 100));
            target[length++] = (byte)('0' + (fraction / 10 % 10));
            target[length++] = (byte)('0' + (fraction % 10));
        }

        return length;
    }
}
