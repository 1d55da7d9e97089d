namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>Memory for the values of many series, used again from its begin: an array a series would be most of what reading and joining leave to the collector.</summary>
internal sealed class ValueRoom
{
    /// <summary>Not so many that an array would stand with the large objects.</summary>
    private const int BlockValues = 8192;

    private readonly List<double[]> blocks = [];
    private int block;
    private int used;

    public long Bytes => blocks.Sum(static one => (long)one.Length * sizeof(double));

    /// <summary>What was taken before is overwritten from now on.</summary>
    public void Clear() => (block, used) = (0, 0);

    public Memory<double> Take(int count)
    {
        if (block < blocks.Count && blocks[block].Length - used < count)
        {
            block++;
            used = 0;
        }

        if (block == blocks.Count)
        {
            blocks.Add(GC.AllocateUninitializedArray<double>(Math.Max(count, BlockValues)));
        }
        else if (blocks[block].Length < count)
        {
            blocks[block] = GC.AllocateUninitializedArray<double>(count);
        }

        used += count;
        return blocks[block].AsMemory(used - count, count);
    }
}
