/**
 * Packages of which a checkpoint has no reason to name more than the few classes that `pickle_globals.ts` lists.
 *
 * @module
 */

/**
 * The first parts of modules that no unknown class may come from: Python's standard library, of versions 2 and 3; numpy and
 * torch, of which each allowed name is listed; and packages that run, install or fetch things.
 */
const REFUSED = `
abc aifc antigravity argparse array ast asynchat asyncio asyncore atexit audioop base64 bdb binascii bisect builtins bz2
cProfile calendar cgi cgitb chunk cmath cmd code codecs codeop collections colorsys compileall concurrent configparser
contextlib contextvars copy copyreg crypt csv ctypes curses dataclasses datetime dbm decimal difflib dis distutils doctest
email encodings ensurepip enum errno faulthandler fcntl filecmp fileinput fnmatch fractions ftplib functools gc genericpath
getopt getpass gettext glob graphlib grp gzip hashlib heapq hmac html http idlelib imaplib imghdr imp importlib inspect io
ipaddress itertools json keyword lib2to3 linecache locale logging lzma mailbox mailcap marshal math mimetypes mmap
modulefinder msilib msvcrt multiprocessing netrc nis nntplib nt ntpath nturl2path numbers opcode operator optparse os
ossaudiodev pathlib pdb pickle pickletools pipes pkgutil platform plistlib poplib posix posixpath pprint profile pstats pty
pwd py_compile pyclbr pydoc pydoc_data pyexpat queue quopri random re readline reprlib resource rlcompleter runpy sched
secrets select selectors shelve shlex shutil signal site smtpd smtplib sndhdr socket socketserver spwd sqlite3 sre_compile
sre_constants sre_parse ssl stat statistics string stringprep struct subprocess sunau symtable sys sysconfig syslog tabnanny
tarfile telnetlib tempfile termios textwrap this threading time timeit tkinter token tokenize tomllib trace traceback
tracemalloc tty turtle turtledemo types typing unicodedata unittest urllib uu uuid venv warnings wave weakref webbrowser
winreg winsound wsgiref xdrlib xml xmlrpc zipapp zipfile zipimport zlib zoneinfo

BaseHTTPServer CGIHTTPServer ConfigParser Cookie HTMLParser Queue ScrolledText SimpleHTTPServer SocketServer StringIO
Tkinter UserDict UserList UserString anydbm cPickle cStringIO commands compiler cookielib copy_reg dircache dl exceptions
future_builtins hotshot htmlentitydefs httplib ihooks imputil md5 mhlib mimetools new os2emxpath popen2 posixfile rexec
rfc822 robotparser sets sgmllib sha statvfs thread user urllib2 urlparse xmlrpclib

numpy torch

IPython aiohttp cffi cloudpickle dill execnet fabric fsspec httpx invoke ipykernel joblib paramiko pexpect pip pkg_resources
plumbum ptyprocess pwn requests scapy setuptools sh urllib3 websocket websockets
`;

const NAMES: ReadonlySet<string> = new Set(REFUSED.split(/\s+/).filter((name) => name !== ""));

/**
 * Whether unknown classes of a module are refused. Python's own modules that begin with an underscore (`_socket`, `_io`) are,
 * together with everything else that does; `__main__` is the training script.
 */
export function isRefusedModule(module: string): boolean {
  const root = module.split(".", 1)[0]!;
  return NAMES.has(root) || (root.startsWith("_") && root !== "__main__");
}
