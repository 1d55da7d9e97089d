using System.Runtime.InteropServices;
using Lanes = System.Runtime.Intrinsics.Vector256<float>;

namespace NetPulse.Optimizer.Detection.Detectors;

/// <summary>One array of a bank's state: its vectors as floats, one float of each vector a series, block after block.</summary>
internal delegate void StatePart(Span<float> vectors);

/// <summary>One series' share of a bank's state.</summary>
internal static class BankState
{
    /// <typeparam name="T">Made of <see cref="Lanes"/> alone.</typeparam>
    public static Span<float> VectorsOf<T>(T[] values)
        where T : struct => MemoryMarshal.Cast<T, float>(values.AsSpan());

    /// <summary>Calls back with each float of a series, in the order of the arrays.</summary>
    /// <param name="blocks">Of the bank.</param>
    public static void Visit(Span<float> vectors, int blocks, int series, LaneValue visit)
    {
        var ofBlock = vectors.Slice(series / Lanes.Count * (vectors.Length / blocks), vectors.Length / blocks);
        for (var i = series % Lanes.Count; i < ofBlock.Length; i += Lanes.Count)
        {
            visit(ref ofBlock[i]);
        }
    }
}

/// <summary>A float of one series: read or overwritten.</summary>
internal delegate void LaneValue(ref float value);
