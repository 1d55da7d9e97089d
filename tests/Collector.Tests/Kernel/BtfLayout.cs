using System.Reflection;
using System.Runtime.InteropServices;

namespace NetPulse.Collector.Tests.Kernel;

/// <summary>Compares a record with the structure of a built object's BTF that it mirrors.</summary>
internal static partial class BtfLayout
{
    private const uint BTF_KIND_STRUCT = 4;

    /// <param name="file">The object, as <c>udp.bpf.o</c>.</param>
    /// <param name="structure">As C names it.</param>
    /// <param name="mirrored">Every member, in C's order, by the property or field that stands for it.</param>
    internal static void AssertMirrors<T>(string file, string structure, params (string Member, string Field)[] mirrored)
        where T : struct
    {
        var btf = btf__parse(Path.Combine(AppContext.BaseDirectory, file), 0);
        Assert.NotEqual(0, btf);
        try
        {
            var id = btf__find_by_name_kind(btf, structure, BTF_KIND_STRUCT);
            Assert.True(id > 0, $"{structure} is not in the BTF of {file}");
            Assert.Equal(Marshal.SizeOf<T>(), (int)btf__resolve_size(btf, (uint)id));

            // struct btf_type { u32 name_off; u32 info; u32 size; }, then struct btf_member { u32 name_off; u32 type; u32 offset; } each
            var type = btf__type_by_id(btf, (uint)id);
            var members = Marshal.ReadInt32(type, 4) & 0xFFFF;
            var actual = Enumerable.Range(0, members).Select(i => (
                Marshal.PtrToStringUTF8(btf__name_by_offset(btf, (uint)Marshal.ReadInt32(type, 12 + (12 * i))))!,
                (Marshal.ReadInt32(type, 12 + (12 * i) + 8) & 0xFFFFFF) / 8));
            Assert.Equal(mirrored.Select(pair => (pair.Member, (int)Marshal.OffsetOf<T>(FieldOf<T>(pair.Field)))), actual);
        }
        finally
        {
            btf__free(btf);
        }
    }

    private static string FieldOf<T>(string name) =>
        typeof(T).GetField(name, BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public)?.Name ?? $"<{name}>k__BackingField";

    [LibraryImport("libbpf.so.1", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint btf__parse(string path, nint ext);

    [LibraryImport("libbpf.so.1")]
    private static partial void btf__free(nint btf);

    [LibraryImport("libbpf.so.1", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int btf__find_by_name_kind(nint btf, string type_name, uint kind);

    [LibraryImport("libbpf.so.1")]
    private static partial long btf__resolve_size(nint btf, uint type_id);

    [LibraryImport("libbpf.so.1")]
    private static partial nint btf__type_by_id(nint btf, uint id);

    [LibraryImport("libbpf.so.1")]
    private static partial nint btf__name_by_offset(nint btf, uint offset);
}
