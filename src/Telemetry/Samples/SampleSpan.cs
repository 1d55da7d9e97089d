using System.Runtime.InteropServices;

namespace NetPulse.Telemetry.Samples;

internal static class SampleSpan
{
    /// <summary>The samples themselves where they stand in one piece of memory, a copy of them otherwise.</summary>
    public static ReadOnlySpan<Sample> Of(IReadOnlyList<Sample> samples) => samples switch
    {
        Sample[] array => array,
        ArraySegment<Sample> segment => segment,
        List<Sample> list => CollectionsMarshal.AsSpan(list),
        _ => samples.ToArray(),
    };
}
