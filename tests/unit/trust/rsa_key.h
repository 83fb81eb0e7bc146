/* An RSA key pair made for these tests alone: to make one takes longer than all of them. It protects nothing. */
#ifndef RSA_KEY_H
#define RSA_KEY_H

static const char rsa_key_pem[] = "-----BEGIN PRIVATE KEY-----\n"
				  "MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQC4FB2fu7QdNkEY\n"
				  "usIDU4Far+oPQrO2CU9cw5bECE7AXcwkNYtPEfgbB+j/bBRtDkQ4OkU9V7hhRW7r\n"
				  "6MUXdGK3PKL104ln9P1J2/XEjTx14aS70O/RUhw8pgudnCiJtUU74w+7CC035Km2\n"
				  "6mfButyit/REpfqlGs55fC10RK658kX+phskBojHwkX/HJkOaXyFl/PU9Z/jShpO\n"
				  "nCJKCdH0fDvjlsZCIYb9FjMrJVeBcv3xoj8nFmAR24oOzINUM0u7oUGc5kNos+Xy\n"
				  "o+LkPgGivxKsizKD8JlEvpfOShwYQKxwEs0kwGxTQIIGCbgl1+qb0WzMxp07Gm4X\n"
				  "1COJVhF5AgMBAAECggEAAOjZ3p9a+/v30AtNiHOsrh80EmA7gBjwA0l/dgzZIBqL\n"
				  "4YVBi3dPbl7DIs6iE981V2vI9M0j/u23Zxiu2fdRbONdUMal+qqwvQvbsogaIOD9\n"
				  "DeUx54BhiFaFCdcq3MdVsL6QpirGV8IxqSg5BrGJg+T8eCxec9tmjXN0zArHgZQJ\n"
				  "PvZaPTFOZC45dn4t7PN+al9ytivuinh7mnYVk6NLo9Y5QCipTEKqrXQuuClEhV2Y\n"
				  "tz9fmveAaN3Pcu1hDWITWQ3nCQFjFRBi02HPOTGhYtXHGSfFZHRIyKg2xp5sc39D\n"
				  "Z2kf4bBTREy7NrFxKiJD3St2iE2tAXTqtTIgFXfsSwKBgQDaIRYoqLXrH6/S/6RP\n"
				  "p1p+RiLRNuicWc3JfDcegvyHuxNpMipYlDqtdp3CHxRUVCBSnKTq3biNaHaQ6vCc\n"
				  "y9kOg0rPbtWzGbGqRFu9H/d9XlwnKV5cyDvneymNA59o/xZX+bCqtkf14r2qxL4l\n"
				  "e4yncRszCzkOWGg09mca752q0wKBgQDYCZ9VyhGSEpIBpgcKtzq1n+DYFMfOYplg\n"
				  "BJOgQjZPQhTTcdsBTooC7sygu/g675GVc7/qe1lPJIsQiVCFFxLoqZSyBa1qI2xA\n"
				  "WAHWtgebOERnz27OcLqy40azcEHEa7zrcqvzJbXDjJOQKsYV9wfv8vwHFVD4UQlQ\n"
				  "oCyl14ILAwKBgAKHj7I5AqMPYwKXZFhoIGyGc7DpahkmEXTcs+bure8FBFyb8FHG\n"
				  "pkeMsJentJylvRo4JtFycMlzBKz5jIDE/Gdmrl9pcaD6E01eLZIr5LrXdUoe+LEq\n"
				  "wUcV7o1sFVUqYB/1DU9tfbgkQP7R+UKGBEOM1DvrTWYVMGAs21U8oh9xAoGBAMq5\n"
				  "LNVaCubhmjUF0THTArqQTnM1/NDEYVxirw0BVOlG/zfzbSlqw8NAxrBF8weK6zgt\n"
				  "J/gmy4WiqwRXdkGNh2bgSvJKtZIVr20pqIAMzFJxmG85jacWzXs0HpIfUve4icz/\n"
				  "DC/cQRZBAe+U09CkwMP/ZVRYQmTh1jXcOElfU151AoGBALbDxaLIkBvJZTgzYRo2\n"
				  "L77+W+17O5VXFlwoXsf3WyR5dK8bZeiD9Bk8m4kkOsylJEjV0hwPEInzyhcznPat\n"
				  "78kkCvViuq8Om+Pbe5V9RNDjQiZHmCCvmuZ1JcZ6nvRcKzLuqtXwrJzjjK0Wa8kp\n"
				  "jCqySvYcO0XoiiauANy6vOoI\n"
				  "-----END PRIVATE KEY-----\n";

#endif
