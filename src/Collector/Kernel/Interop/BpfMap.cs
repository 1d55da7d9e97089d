using System.Runtime.InteropServices;

namespace NetPulse.Collector.Kernel.Interop;

/// <summary>A hash map of the kernel. Used by one thread at a time.</summary>
/// <typeparam name="TKey">The mirror of its key.</typeparam>
/// <typeparam name="TValue">The mirror of its value, of which a map per processor holds one for each.</typeparam>
internal sealed unsafe class BpfMap<TKey, TValue>
    where TKey : unmanaged
    where TValue : unmanaged
{
    private const int ENOENT = 2;
    private const int BatchSize = 1024;

    private readonly string name;
    private readonly int descriptor;
    private readonly int valuesPerKey;
    private readonly TKey[] keys = new TKey[BatchSize];
    private readonly TValue[] values;

    /// <param name="name">As the object names it, for messages.</param>
    /// <param name="descriptor">Owned by the object.</param>
    /// <param name="isPerProcessor">Whether it has one value a possible processor; the value's size must then be a multiple of 8.</param>
    internal BpfMap(string name, int descriptor, bool isPerProcessor = false)
    {
        this.name = name;
        this.descriptor = descriptor;
        valuesPerKey = isPerProcessor ? LibBpf.libbpf_num_possible_cpus() : 1;
        values = new TValue[BatchSize * valuesPerKey];
    }

    internal delegate void EntryHandler(in TKey key, ReadOnlySpan<TValue> values);

    /// <summary>Hands over every entry; one that is added or deleted meanwhile may be missed or met twice.</summary>
    /// <exception cref="BpfException">The kernel refused.</exception>
    internal void ReadAll(EntryHandler each)
    {
        // The position of a hash map is a bucket's number, 32 bits wide.
        uint position = 0;
        var isFirst = true;
        fixed (TKey* keyStart = keys)
        fixed (TValue* valueStart = values)
        {
            while (true)
            {
                var count = (uint)BatchSize;
                var status = LibBpf.bpf_map_lookup_batch(descriptor, isFirst ? null : &position, &position, keyStart, valueStart, ref count, 0);
                var errno = status == 0 ? 0 : Marshal.GetLastPInvokeError();
                if (errno is not 0 and not ENOENT)
                {
                    throw new BpfException($"read the map {name}", errno, "it is tried again at the next reading");
                }

                for (var i = 0; i < count; i++)
                {
                    each(in keys[i], values.AsSpan(i * valuesPerKey, valuesPerKey));
                }

                if (errno == ENOENT)
                {
                    return;
                }

                isFirst = false;
            }
        }
    }

    /// <returns>The value, which may be another's by the time that it is looked at; <see langword="null"/> where there is none.</returns>
    internal TValue? Find(TKey key)
    {
        TValue value;
        return LibBpf.bpf_map_lookup_value(descriptor, &key, &value) == 0 ? value : null;
    }

    /// <returns>Whether it was this call that has deleted it.</returns>
    internal bool Delete(TKey key) => LibBpf.bpf_map_delete_elem(descriptor, &key) == 0;
}
