using System.Buffers.Binary;
using System.Text;
using Microsoft.Win32.SafeHandles;
using NetPulse.Linux.Interop;

namespace NetPulse.Linux.Cgroups;

/// <summary>The cgroup v2 hierarchy of this node: the one that sockets belong to, also where controllers still live in v1.</summary>
/// <remarks>A cgroup's id is the inode of its directory (since Linux 5.5) and is not used again while the node is up.</remarks>
public sealed class CgroupHierarchy : IDisposable
{
    private const int InodeOffset = 0;
    private const int LengthOffset = 16;
    private const int TypeOffset = 18;
    private const int NameOffset = 19;

    private readonly SafeFileHandle mount;
    private readonly byte[] entries = new byte[32_768];

    private CgroupHierarchy(string mountPoint, SafeFileHandle mount)
    {
        MountPoint = mountPoint;
        this.mount = mount;
    }

    public string MountPoint { get; }

    /// <summary><see langword="null"/> where cgroup v2 is not mounted, or may not be opened.</summary>
    public static CgroupHierarchy? Find()
    {
        var mountPoint = CgroupMount.OfRoot(File.ReadLines("/proc/self/mountinfo"));
        return mountPoint is not null && Open(mountPoint) is { } opened ? new CgroupHierarchy(mountPoint, opened) : null;
    }

    /// <summary>Every cgroup below the root with its path, which begins with a slash. What vanishes meanwhile is left out.</summary>
    /// <remarks>Used by one thread at a time.</remarks>
    public void Walk(Action<ulong, string> visit)
    {
        var waiting = new Stack<string>();
        waiting.Push("");
        while (waiting.TryPop(out var folder))
        {
            using var directory = Open(MountPoint + folder);
            if (directory is null)
            {
                continue;
            }

            while (LibC.getdents64(directory, entries, entries.Length) is > 0 and var length)
            {
                for (var at = 0; at < length;)
                {
                    var entry = entries.AsSpan(at, BinaryPrimitives.ReadUInt16LittleEndian(entries.AsSpan(at + LengthOffset)));
                    at += entry.Length;
                    if (entry[TypeOffset] != LibC.DT_DIR || entry[NameOffset] == '.')
                    {
                        continue;
                    }

                    var name = entry[NameOffset..];
                    var path = $"{folder}/{Encoding.UTF8.GetString(name[..name.IndexOf((byte)0)])}";
                    visit(BitConverter.ToUInt64(entry[InodeOffset..]), path);
                    waiting.Push(path);
                }
            }
        }
    }

    /// <summary>The path of a cgroup that exists now; <see langword="null"/> when it is gone, or the process lacks CAP_DAC_READ_SEARCH.</summary>
    public string? PathOf(ulong id)
    {
        var descriptor = LibC.open_by_handle_at(mount, new LibC.KernfsHandle(sizeof(ulong), LibC.FILEID_KERNFS, id), LibC.O_PATH | LibC.O_CLOEXEC);
        if (descriptor < 0)
        {
            return null;
        }

        using var file = new SafeFileHandle(descriptor, ownsHandle: true);
        var target = new FileInfo($"/proc/self/fd/{descriptor}").LinkTarget;
        return target is not null && target.StartsWith(MountPoint, StringComparison.Ordinal) ? target[MountPoint.Length..] : null;
    }

    public void Dispose() => mount.Dispose();

    private static SafeFileHandle? Open(string path)
    {
        var descriptor = LibC.open(path, LibC.O_RDONLY | LibC.O_CLOEXEC);
        return descriptor < 0 ? null : new SafeFileHandle(descriptor, ownsHandle: true);
    }
}
