using System.Runtime.InteropServices;

namespace NetPulse.Collector.Kernel.Interop;

/// <summary>An enumeration of the running kernel, or of a module of its, by name.</summary>
internal static unsafe class KernelEnum
{
    private const uint BTF_KIND_ENUM = 6;

    /// <param name="type">As <c>skb_drop_reason</c>.</param>
    /// <param name="module">Whose it is; <see langword="null"/> for the kernel's own.</param>
    /// <returns>Each value and its name; <see langword="null"/> where there is no such enumeration, or no such module is loaded.</returns>
    internal static Dictionary<uint, string>? Read(string type, string? module = null)
    {
        LibBpfMessages.Capture();
        using var kernel = LibBpf.btf__load_vmlinux_btf();
        if (kernel.IsInvalid || module is null)
        {
            return kernel.IsInvalid ? null : Read(kernel, type);
        }

        using var own = LibBpf.btf__load_module_btf(module, kernel);
        _ = LibBpfMessages.Take();
        return own.IsInvalid ? null : Read(own, type);
    }

    private static Dictionary<uint, string>? Read(BtfHandle btf, string type)
    {
        var id = LibBpf.btf__find_by_name_kind(btf, type, BTF_KIND_ENUM);
        if (id <= 0)
        {
            return null;
        }

        // struct btf_type { u32 name_off; u32 info; u32 size; }, then struct btf_enum { u32 name_off; s32 val; } each
        var definition = LibBpf.btf__type_by_id(btf, (uint)id);
        var count = definition[1] & 0xFFFF;
        var names = new Dictionary<uint, string>((int)count);
        for (var i = 0; i < count; i++)
        {
            names.TryAdd(definition[4 + (2 * i)], Marshal.PtrToStringUTF8((nint)LibBpf.btf__name_by_offset(btf, definition[3 + (2 * i)]))!);
        }

        return names;
    }
}
