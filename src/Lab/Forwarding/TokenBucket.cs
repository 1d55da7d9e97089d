namespace NetPulse.Lab.Forwarding;

/// <summary>Passes a rate and, after a pause, a burst. Full at the first packet that meets the policer.</summary>
internal sealed class TokenBucket
{
    private Policer? policer;
    private double bytes;
    private long filledAtNanoseconds;

    internal bool Passes(int length, Policer? current, long nowNanoseconds)
    {
        if (current is null)
        {
            policer = null;
            return true;
        }

        bytes = policer != current
            ? current.BurstBytes
            : Math.Min(current.BurstBytes, bytes + ((nowNanoseconds - filledAtNanoseconds) * 1e-9 * current.BitsPerSecond / 8));
        (policer, filledAtNanoseconds) = (current, nowNanoseconds);
        if (bytes < length)
        {
            return false;
        }

        bytes -= length;
        return true;
    }
}
